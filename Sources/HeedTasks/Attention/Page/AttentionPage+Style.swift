extension AttentionPage {
    /// The style sheet. Texts have a contrast of at least 4.5 to what is behind them, in the light and in the dark.
    static let style = #"""
        :root{color-scheme:light dark;--paper:light-dark(#fff,#14181d);--ink:light-dark(#1c2127,#e9edf1);
        --muted:light-dark(#57606a,#a4adb7);--line:light-dark(#c9ced4,#3b444d);--raised:light-dark(#f4f6f8,#1d232a);
        --accent:light-dark(#08508c,#7cc4fb);--on-accent:light-dark(#fff,#0b1621);
        font:15px/1.45 system-ui,"Noto Sans",Helvetica,Arial,sans-serif}
        :root[data-theme=light]{color-scheme:light}
        :root[data-theme=dark]{color-scheme:dark}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1800px;padding:16px 20px 24px;background:var(--paper);color:var(--ink)}
        h1{font-size:1.3rem;margin:0}
        h2{font-size:1.05rem;margin:0 0 4px}
        header{display:grid;grid-template-columns:1fr auto;gap:2px 20px;align-items:start}
        header .theme{grid-row:1;grid-column:2}
        #texts{grid-column:1/3;margin:2px 0 0;color:var(--muted);overflow-wrap:anywhere;max-height:4.4em;overflow:auto}
        #arrow{margin:0 .5em}
        #controls{display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center;margin:12px 0 14px;padding:8px 12px;
        background:var(--raised);border:1px solid var(--line);border-radius:8px}
        fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:4px 2px;align-items:center}
        legend{float:left;padding:0;margin-right:8px}
        label{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}
        .check{white-space:normal}
        .kind{padding:2px 10px;border:1px solid var(--line);border-radius:6px;cursor:pointer;background:var(--paper)}
        .kind input{margin:0;accent-color:var(--accent)}
        .kind:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
        select{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--muted);border-radius:6px;padding:2px 4px}
        :focus-visible,.kind:has(:focus-visible){outline:3px solid var(--accent);outline-offset:2px}
        main{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:20px 32px;align-items:start}
        #glance{max-width:min(46vw,860px)}
        .hint,footer,figcaption{color:var(--muted);font-size:.87rem}
        .hint{margin:0 0 8px;max-width:30em}
        #grid{display:grid;gap:6px;overflow:auto;padding:4px;max-height:85vh;justify-content:start}
        #grid .name{color:var(--muted);font-size:.8rem;align-self:center;justify-self:center}
        .layer{display:contents}
        .thumb{width:var(--width);height:var(--height);padding:0;border:1px solid var(--line);border-radius:4px;background:none;cursor:pointer;display:block;line-height:0}
        .thumb canvas{width:100%;height:100%;border-radius:3px}
        .thumb[aria-pressed=true]{border-color:var(--accent);box-shadow:0 0 0 3px var(--accent)}
        .thumb:focus-visible{outline-offset:4px}
        #readout{position:sticky;top:0;z-index:1;margin:0 0 10px;padding:5px 0;background:var(--paper);
        border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
        #readout bdi{display:inline-block;max-width:min(14em,16vw);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;
        vertical-align:bottom}
        #views{display:flex;flex-wrap:wrap;gap:24px 36px;align-items:flex-start}
        figure{margin:0;max-width:100%}
        figcaption{display:flex;gap:8px;align-items:center;margin-bottom:8px;min-height:1.6em}
        #strands{display:flex;align-items:flex-start}
        #strands ol{list-style:none;margin:0;padding:0}
        #strands li{display:flex;gap:6px;align-items:center;padding:0 6px;border-radius:4px;cursor:default;white-space:nowrap;
        font-size:var(--size);line-height:var(--step);height:var(--step)}
        #left li{justify-content:flex-end}
        .word{overflow:hidden;text-overflow:ellipsis;max-width:var(--word);unicode-bidi:isolate}
        .weight{color:var(--muted);font-variant-numeric:tabular-nums;font-size:.85em;width:2.9em}
        #left .weight{text-align:right}
        #strands li.on{background:var(--accent);color:var(--on-accent)}
        #strands li.on .weight{color:inherit}
        #ribbon{display:block;flex:none}
        #heat{overflow-x:auto;padding:0 4px 6px}
        #heat figcaption{position:sticky;left:0;width:max-content}
        #scale{width:160px;height:12px;border:1px solid var(--line)}
        #field{position:relative;outline-offset:-1px;border-radius:4px}
        #field i{position:absolute;scroll-margin:5em 12px 12px}
        #cells{position:absolute;display:block;cursor:crosshair}
        #top span,#side span{position:absolute;font-size:var(--label);line-height:1;white-space:nowrap;overflow:hidden;
        text-overflow:ellipsis;unicode-bidi:isolate;color:var(--ink)}
        #top span{transform-origin:0 100%;transform:rotate(-52deg);padding:1px 0}
        #side span{text-align:right;padding:1px 0}
        #top span.on,#side span.on{color:var(--accent);font-weight:700}
        footer{margin-top:22px;border-top:1px solid var(--line);padding-top:8px}
        footer p{margin:2px 0;max-width:75em}
        main.strip{grid-template-columns:minmax(0,1fr);gap:12px}
        main.strip #glance{max-width:100%}
        .strip #glance h2{float:left;margin-right:14px}
        .strip .hint{max-width:none;margin-bottom:2px;line-height:1.75}
        main:not(.strip) .groups,.strip .rows,.strip .heads{display:none}
        .strip #grid{display:flex;clear:left;flex-wrap:wrap;gap:6px 22px;max-height:168px}
        .strip .layer:not(.heads){display:flex;flex-wrap:wrap;gap:5px}
        .strip .thumb{width:var(--small-width);height:var(--small-height)}
        @media(max-width:700px){#readout{min-height:4.2em}#readout bdi{max-width:24vw}}
        @media(prefers-reduced-motion:no-preference){.thumb{transition:box-shadow .12s}}
        @media print{#controls,.theme,.hint,#keys{display:none}#readout{position:static}main.strip #grid{max-height:none;overflow:visible}}
        """#
}
