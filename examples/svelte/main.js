import 'http://localhost:8080/embed/v1/suggest-box.js';
import { mount } from 'svelte';
import App from './App.svelte';

mount(App, { target: document.querySelector('#app') });
