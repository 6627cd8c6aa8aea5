import { h, render } from '/lib/preact.js';

render(<h1>Onescan</h1>, document.getElementById('app')!);
