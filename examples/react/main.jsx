// React 19: attributes and events of a custom element are written as they are, the state of the field stays React's.
import 'http://localhost:8080/embed/v1/suggest-box.js';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

function Desk() {
  const [reply, setReply] = useState('');
  const [picked, setPicked] = useState('nothing');
  const [question, setQuestion] = useState('Where is my parcel?');
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <p id="last-message">{question}</p>
      <suggest-box
        site-key="pk_…" surface="replies" for="reply" context-from="#last-message"
        onsuggest-select={({ detail }) => setPicked(detail.item.id)}
      />
      <label htmlFor="reply">Reply</label>
      <textarea id="reply" value={reply} onChange={(event) => setReply(event.target.value)} />
      <output id="state">{`${picked}: ${reply}`}</output>
      <button type="button" id="next" onClick={() => setQuestion('I want my money back')}>Next message</button>
    </form>
  );
}

createRoot(document.querySelector('#app')).render(<Desk />);
