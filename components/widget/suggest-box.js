// <suggest-box>: what a service suggests, for a field of the page. Specification and types: ../static/suggest-box.d.ts

import { createClient } from '../static/client.js';
import { mount } from './box.js';
import { chips } from './chips.js';

class SuggestBox extends HTMLElement {
  static formAssociated = true;
  static layouts = { chips }; // and a host's own: a name to a function of the engine

  #internals = this.attachInternals();
  #box = mount(this, this.#internals, SuggestBox.layouts);

  connectedCallback() { this.#box.connect(); }
  disconnectedCallback() { this.#box.disconnect(); }
  formResetCallback() { this.#internals.setFormValue(null); }
}

if (!customElements.get('suggest-box')) customElements.define('suggest-box', SuggestBox);

export { SuggestBox, createClient };
