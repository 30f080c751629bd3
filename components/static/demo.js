// The page of the demonstration: warm up, then a customer, an agent and a colleague in one conversation.

import { byId } from './demo-kit.js';
import { openColleague } from './demo-colleague.js';
import { openConversation } from './demo-conversation.js';
import { openOwn } from './demo-own.js';
import { openSimulation } from './demo-simulation.js';
import { openStory } from './demo-story.js';
import { follow } from './demo-state.js';

const { service, surface, end } = byId('demo').dataset;
const story = openStory(end);
const conversation = openConversation({ surface, story });
const colleague = openColleague();
const simulation = openSimulation();
const own = openOwn();

follow({
  onReady: async (state) => {
    for (const button of document.querySelectorAll('[data-send], #ask button')) button.disabled = false;
    try {
      await import(`${service}/embed/v1/suggest-box.js`);
      conversation.start(state.site_key);
    } catch {
      byId('down').hidden = false;
    }
    colleague.start(state.run);
    simulation.start();
    own.start();
  },
  onState: (state) => {
    conversation.look(state);
    colleague.look(state);
  },
});
