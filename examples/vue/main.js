import 'http://localhost:8080/embed/v1/suggest-box.js';
import { createApp } from 'vue';
import App from './App.vue';

createApp(App).mount('#app');
