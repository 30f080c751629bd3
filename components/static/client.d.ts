/** The headless client: suggestions, delivered feedback and the live answer of a colleague. */
export { createClient } from './suggest-box.js';
export type {
  Client, ClientOptions, Context, Decision, Escalation, EscalationState, EventType, FeedbackEvent, Item, Problem, Receipt, Slate,
} from './suggest-box.js';
