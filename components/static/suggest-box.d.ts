/**
 * `<suggest-box>`: what a service suggests for a field of the page, and the client under it.
 *
 *     <script type="module" src="https://host/embed/v1/suggest-box.js"></script>
 *     <suggest-box site-key="pk_…" surface="replies" for="reply" context-from="#last-message"></suggest-box>
 *
 * Content security policy: `script-src https://host; connect-src https://host`, nothing else; Trusted Types may be required.
 * Custom properties: --sb-fg, --sb-bg, --sb-border, --sb-accent, --sb-radius, --sb-gap, --sb-size, --sb-font, --sb-lines
 * (2 a chip), --sb-min-block (the reserved height). Parts: box, bar, chip, text, from, dismiss, skeleton, status.
 * Dark mode follows the host's `color-scheme`. To reserve the height before the script has come:
 * `suggest-box { display: block; min-height: 62px } @media (max-width: 480px) { suggest-box { min-height: 185px } }`.
 */

export type Decision = 'show' | 'abstain' | 'escalate' | 'auto';

/** What is on the screen. The middle row are the states of an escalation; `none`: a colleague found no answer. */
export type BoxState =
  | 'idle' | 'loading' | 'show' | 'abstain' | 'selected' | 'dismissed' | 'error'
  | 'waiting' | 'claimed' | 'answered' | 'none' | 'expired' | 'lost';

export interface Context {
  text: string;
  turns?: unknown[];
  session?: string;
  fields?: Record<string, unknown>;
}

export interface Item {
  id: string;
  text: string;
  /** 0 is the top; absent when a colleague chose something outside the slate. */
  position?: number;
  /** Calibrated P(this is the right option). */
  p_select?: number;
  propensity?: number;
  /** Whose answer it is, where a colleague gave it. */
  from?: string;
}

export interface Escalation {
  id: string;
  /** Carries the impression's token. */
  url: string;
  expected_wait_s?: number | null;
  wait_range_s?: WaitRange;
}

/** `share` of such waits end between the two, by the `waits` known that are over; 0: too few, it is a guess. */
export interface WaitRange {
  low: number;
  high: number;
  share?: number;
  waits?: number;
}

export interface Slate {
  impression: string;
  surface: string;
  decision: Decision;
  /** Calibrated P(a right option is among the items). */
  p_any: number;
  p_accept: number;
  /** Present whatever the decision: show them only for `show` and `auto`. */
  items: Item[];
  token: string;
  model: string;
  escalation?: Escalation;
  reason?: string;
  /** By item, where it was asked for. */
  explain?: Record<string, { why?: 'meaning' | 'words' | 'chosen' | 'fields' | 'lately' | null } & Record<string, unknown>>;
}

export interface EscalationState {
  id?: string;
  state: 'waiting' | 'claimed' | 'answered' | 'expired' | 'lost';
  answer?: { item?: string | Item; item_text?: string; text?: string; none?: boolean };
  expected_wait_s?: number | null;
  wait_range_s?: WaitRange;
  /** It lasts longer than nearly all that are known: no range is told. */
  late?: boolean;
  /** The surface's own words, shown as they are: out of hours, for instance. */
  message?: string;
}

/** RFC 9457, or `title` and `detail` alone when no answer came. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
}

export type EventType = 'view' | 'leave' | 'select' | 'dismiss' | 'override' | 'commit';

export interface FeedbackEvent {
  eid: string;
  impression: string;
  token: string;
  type: EventType;
  at: string;
  item?: string;
  position?: number;
  visible_ms?: number;
  /** Of a commit, when the element has `data-log-text`. */
  text?: string;
  edited?: boolean;
  edit_ratio?: number;
  /** Of an override: how much was typed, never what. */
  length?: number;
}

export interface Receipt {
  accepted?: number;
  duplicates?: number;
  rejected?: { eid: string; type: string; detail: string }[];
  events: FeedbackEvent[];
}

export interface ClientOptions {
  siteKey: string;
  /** Default: where the script came from. */
  endpoint?: string | URL;
  /** Milliseconds before a suggestion is given up; default 4000. */
  timeout?: number;
  /** false: suggestions without any feedback. */
  learn?: boolean;
  onReceipt?: (receipt: Receipt) => void;
}

export interface Client {
  /** Rejects with an Error that carries `problem`, or with a TimeoutError, an AbortError or a TypeError. */
  suggest(request: { surface: string; context: Context; k?: number; exclude?: string[]; like?: string; ask?: boolean; explain?: boolean }, signal?: AbortSignal): Promise<Slate>;
  /** Queues an event; delivery, retries and the last beacon are the client's. */
  track(slate: Pick<Slate, 'impression' | 'token'>, type: EventType, extra?: Partial<FeedbackEvent>): void;
  /** Sends what waits; with true as a beacon, for a page that goes away. */
  flush(isLeaving?: boolean): Promise<void>;
  /** Every state of an escalation until a final one; returns a function that stops. */
  follow(escalation: Pick<Escalation, 'url'>, onState: (state: EscalationState) => void): () => void;
}

export function createClient(options: ClientOptions): Client;

export interface Strings {
  label: string;
  dismiss: string;
  /** `{t}` is the expected wait; what follows the … is left out when it is unknown. */
  waiting: string;
  guess: string;
  late: string;
  claimed: string;
  colleague: string;
  none: string;
  expired: string;
  previous: string;
  next: string;
  /** `{n}` is how many are selected. */
  use: string;
  /** `{a}` and `{b}` are the first and last of `{n}` on this page. */
  range: string;
  suggested: string;
  confirm: string;
  confirmed: string;
  /** Where the field holds the person's own words already. */
  take: string;
  change: string;
  clear: string;
  /** The description of a field that was filled in. */
  check: string;
  actions: string;
  edit: string;
  refuse: string;
  more: string;
  ask: string;
  off: string;
  on: string;
  undo: string;
  inserted: string;
  useEdited: string;
  cancel: string;
  nothing: string;
  likely: string;
  possible: string;
  unsure: string;
  meaning: string;
  words: string;
  chosen: string;
  fields: string;
  lately: string;
}

export interface Attributes {
  'site-key': string;
  surface: string;
  /** chips, where nothing is said. The others are loaded when they are asked for. */
  layout?: 'chips' | 'list' | 'typeahead' | 'field' | string;
  /** Of a list: options on a page; default 5. */
  page?: number | string;
  /** Of a list: several may be taken at once. */
  multiple?: boolean | '';
  density?: 'compact';
  /** Some of `edit not more why ask undo off`, in any order; without a value all of them. */
  actions?: string;
  /** How likely each option is right: in words, or in per cent. */
  confidence?: '' | 'band' | 'percent';
  /** After a choice ask for what follows it, on this surface; without a value on the same one. */
  'follow-up'?: string;
  /** Nothing is asked and nothing shown. */
  off?: boolean | '';
  endpoint?: string;
  for?: string;
  context?: string;
  /** A selector in the same document or shadow root; followed when its text changes or it is replaced. */
  'context-from'?: string;
  session?: string;
  /** Who is asking, signed by your server (JWT, HS256, a user key). A fresh one is used from the next request on. */
  'user-token'?: string;
  /** How many suggestions; default 3, of a list and a typeahead 10. */
  count?: number | string;
  insert?: 'replace' | 'append' | 'caret' | 'none';
  /** Milliseconds after a change of context; default 150. */
  debounce?: number | string;
  timeout?: number | string;
  lang?: string;
  label?: string;
  trigger?: 'load' | 'focus' | 'manual';
  /** Suggest without feedback; so does a browser that sends Global Privacy Control. */
  'no-learn'?: boolean | '';
  /** Report the text that was sent, with the commit. */
  'data-log-text'?: boolean | '';
  /** The form field that carries `{impression, item}` of the choice. */
  name?: string;
}

type Detail<More = unknown> = CustomEvent<Partial<Omit<Slate, 'token'>> & More>;

export interface SuggestEvents {
  'suggest-show': Detail;
  'suggest-view': Detail;
  /** Cancelable: the host then inserts by itself. */
  'suggest-select': Detail<{ item: Item; position?: number; via: 'click' | 'keyboard' | 'submit' | 'edit' | 'api' | 'colleague'; text?: string }>;
  'suggest-dismiss': Detail<{ via: 'button' | 'escape' | 'api' }>;
  'suggest-empty': Detail;
  'suggest-error': Detail<{ problem: Problem }>;
  /** A list was turned to another page. */
  'suggest-page': Detail<{ from: number }>;
  /** "Not this". */
  'suggest-refuse': Detail<{ item: Item; position?: number }>;
  /** A choice was taken back. */
  'suggest-undo': Detail<{ item: Item }>;
  /** The person turned suggestions off, or on again: keep it, the box keeps nothing. */
  'suggest-off': Detail<{ off: boolean }>;
  'suggest-escalate': Detail<EscalationState>;
  /** What the service said of the events of one delivery. */
  'suggest-feedback': Detail<Receipt>;
}

export class SuggestBox extends HTMLElement {
  static readonly formAssociated: true;
  get context(): string | Context | undefined;
  /** A change asks anew; null or undefined goes back to the attributes. */
  set context(value: string | Context | null | undefined);
  strings?: Partial<Strings>;
  readonly suggestions: readonly Item[];
  readonly impression?: string;
  readonly state: BoxState;
  refresh(): Promise<void>;
  select(index: number): void;
  dismiss(): void;
  /** For hosts without a form: tell that the text was sent. */
  commit(text?: string): void;
  addEventListener<Name extends keyof SuggestEvents>(
    type: Name, listener: (this: SuggestBox, event: SuggestEvents[Name]) => unknown, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'suggest-box': SuggestBox;
  }
  interface DocumentEventMap extends SuggestEvents {}
}
