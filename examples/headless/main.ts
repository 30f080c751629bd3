// A design system of your own: the client asks and reports, every pixel is yours.
import { createClient, type Item, type Slate } from 'http://localhost:8080/embed/v1/client.js';

const client = createClient({ siteKey: 'pk_…' });
const list = document.querySelector<HTMLUListElement>('#options')!;
const reply = document.querySelector<HTMLTextAreaElement>('#reply')!;

const slate: Slate = await client.suggest({ surface: 'replies', context: { text: 'Where is my parcel?' } });
if (slate.decision === 'show' || slate.decision === 'auto') {
  list.replaceChildren(...slate.items.map((item) => option(slate, item)));
  client.track(slate, 'view');
}

function option(slate: Slate, item: Item): HTMLLIElement {
  const button = document.createElement('button');
  button.textContent = item.text;
  button.addEventListener('click', () => {
    reply.value = item.text;
    client.track(slate, 'select', { item: item.id, position: item.position });
    list.replaceChildren();
  });
  const row = document.createElement('li');
  row.append(button);
  return row;
}
