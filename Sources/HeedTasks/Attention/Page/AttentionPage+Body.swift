extension AttentionPage {
    /// The markup, which the script fills.
    static let body = #"""
        <header>
        <h1>What the model attends to</h1>
        <p id="texts"><bdi id="source"></bdi><span id="arrow" aria-hidden="true">→</span><bdi id="target"></bdi> <span id="absence"></span></p>
        <label class="theme">Colours
        <select id="theme">
        <option value="">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
        </select></label>
        </header>
        <noscript><p>The pictures on this page are drawn by a script, which is switched off.</p></noscript>
        <form id="controls" aria-label="What is shown">
        <fieldset id="kinds"><legend>Attention</legend></fieldset>
        <label>Layer <select id="layer"></select></label>
        <label>Head <select id="head"></select></label>
        <label class="check"><input type="checkbox" id="stretch"> stretch colours to the largest weight</label>
        </form>
        <main>
        <section id="glance" aria-labelledby="glance-title">
        <h2 id="glance-title">All heads</h2>
        <p class="hint"><span class="rows">A row for each layer, a column for each head.</span><span class="groups">A group for each layer, with its heads in their order.</span>
        Arrow keys go left and right to the next head, up and down to the next layer.</p>
        <div id="grid" role="group" aria-labelledby="glance-title"></div>
        </section>
        <section id="full" aria-labelledby="full-title">
        <h2 id="full-title"></h2>
        <p id="readout" role="status"></p>
        <div id="views">
        <figure id="lines">
        <figcaption><span id="asks"></span> <span aria-hidden="true">→</span> <span id="asked"></span></figcaption>
        <div id="strands"><ol id="left"></ol><canvas id="ribbon"></canvas><ol id="right"></ol></div>
        </figure>
        <figure id="heat">
        <figcaption><span id="scale-low"></span><canvas id="scale" width="256" height="1"></canvas><span id="scale-high"></span></figcaption>
        <div id="field" tabindex="0" role="application" aria-roledescription="heat map" aria-labelledby="full-title"
        aria-describedby="keys"><div id="top" aria-hidden="true"></div><div id="side" aria-hidden="true"></div><canvas id="cells"></canvas></div>
        </figure>
        </div>
        </section>
        </main>
        <footer>
        <p id="meaning"></p>
        <p id="keys">Keys: Tab goes from control to control. In the heat map, arrow keys, Home, End, Page Up and Page Down
        move over the weights, and Escape lets go. A click holds a word or a weight until the next click.</p>
        <p>Weights are those before dropout. The weights of a row sum to 1; here they are rounded to steps of 1/65,535, and sum to 1 up to that rounding.</p>
        </footer>
        """#
}
