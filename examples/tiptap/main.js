// TipTap (ProseMirror): the editor owns its document, so the page takes the text and lets the editor put it in.
import 'http://localhost:8080/embed/v1/suggest-box.js';
import { Editor } from '@tiptap/core';
import StarterKit from '@tiptap/starter-kit';

const editor = new Editor({
  element: document.querySelector('#editor'),
  extensions: [StarterKit],
  editorProps: { attributes: { id: 'reply', 'aria-label': 'Reply', role: 'textbox' } },
  onUpdate: ({ editor }) => { document.querySelector('#state').textContent = editor.getText(); },
});
const box = document.querySelector('suggest-box');
box.addEventListener('suggest-select', (event) => {
  event.preventDefault();
  editor.chain().focus().insertContent({ type: 'text', text: event.detail.item.text }).run();
});
document.querySelector('#send').addEventListener('click', () => box.commit(editor.getText()));
document.querySelector('#undo').addEventListener('click', () => editor.commands.undo());
