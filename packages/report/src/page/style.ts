import { colourVariables, plotStyle } from "../plots/palette.ts"

/** The one stylesheet of a page. Wide screens get a contents column, narrow ones a fold; print gets neither. */
export const pageStyle = `${colourVariables(":root")}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1.5rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;overflow-wrap:break-word}
a{color:var(--accent);text-underline-offset:.15em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-100vw;top:0;padding:.5rem 1rem;background:var(--paper);z-index:1}
.skip:focus{left:0}
.page{max-width:752px;margin:0 auto;padding:0 16px 3rem}
header{padding:3.25rem 0 .5rem}
h1,h2,h3{line-height:1.25;text-wrap:balance;margin:0}
h1{font-size:clamp(1.65rem,1.2rem + 2.2vw,2.35rem);font-weight:680;letter-spacing:-.021em}
h2{font-size:1.4rem;font-weight:660;letter-spacing:-.012em}
p,ul,ol{margin:0 0 1rem;max-width:66ch}
ul,ol{padding-left:1.3rem}
li{margin:.2rem 0}
li::marker{color:var(--muted)}
.subtitle{margin:.65rem 0 0;color:var(--muted);font-size:1.1rem;line-height:1.5;text-wrap:pretty}
.brief{white-space:nowrap}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:1px;margin:2rem 0 0;padding:0;border-block:1px solid var(--line);background:var(--line);overflow:hidden}
.facts div{background:var(--paper);padding:1rem 1rem 1rem 0;display:flex;flex-direction:column;box-shadow:0 0 0 1px var(--paper)}
.facts dt{color:var(--muted);font-size:.85rem;line-height:1.35}
.facts dd{margin:.3rem 0 0;font-size:1.5rem;font-weight:640;letter-spacing:-.015em;line-height:1.2;font-variant-numeric:tabular-nums}
.facts .note{margin:.3rem 0 0;font-size:.85rem;font-weight:400;letter-spacing:0;line-height:1.4}
section{margin-top:3rem;padding-top:2.1rem;border-top:1px solid var(--line)}
section>h2{margin-bottom:.8rem}
section>h2 a{color:inherit;text-decoration:none}
section>h2 a:hover{text-decoration:underline}
figure{margin:2rem 0}
figcaption,caption{font-weight:620;line-height:1.4;text-align:left;margin:0 0 .85rem;padding:0;caption-side:top;text-wrap:pretty}
.note{color:var(--muted);font-size:.875rem;line-height:1.5;margin:.7rem 0 0;max-width:72ch}
.drawing{overflow-x:auto;overflow-y:hidden}
.drawing svg{display:block;max-width:100%;height:auto}
.drawing .narrow{display:none}
.callout+.callout{margin-top:-.6rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 32px;margin:2rem 0}
.pair figure{margin:0;display:grid;grid-template-rows:subgrid;grid-row:span 4;align-content:start;min-width:0}
.pair .drawing .wide{display:none}
.pair .drawing .narrow{display:block}
details.data{margin-top:.6rem;font-size:.875rem;min-width:0}
summary{cursor:pointer;color:var(--muted);width:fit-content}
summary:hover{color:var(--ink)}
details.data .scroll{margin-top:.6rem;max-height:22rem;overflow:auto}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;min-width:100%;font-size:.9rem;line-height:1.4;font-variant-numeric:tabular-nums}
details.data table{min-width:0;font-size:.8125rem}
th,td{padding:.5rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:560;font-size:.8125rem;vertical-align:bottom;border-bottom-color:var(--axis)}
tbody th{font-weight:inherit}
.number{text-align:right;white-space:nowrap}
thead .number{white-space:normal}
.chosen td,.chosen th{background:var(--raised);font-weight:640}
.chosen th:first-child{box-shadow:inset 3px 0 var(--accent);padding-left:.75rem}
details.data th,details.data td{padding-block:.25rem;white-space:nowrap}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
code{background:var(--raised);padding:.1em .3em;border-radius:3px}
pre{margin:0;padding:.9rem 1rem;background:var(--raised);border-radius:6px;overflow-x:auto;line-height:1.5;tab-size:2}
pre code{background:none;padding:0;font-size:.95em}
.callout{margin:1.6rem 0;padding:.85rem 1.1rem;background:var(--raised);border-left:3px solid var(--tone);border-radius:0 6px 6px 0}
.callout p:last-child,.callout ul:last-child{margin-bottom:0}
.callout .title{margin:0 0 .2rem;font-weight:640}
.callout .tone{color:var(--tone)}
.info{--tone:var(--accent)}.good{--tone:var(--good)}.warning{--tone:var(--warning)}.bad{--tone:var(--bad)}
.contents ol{list-style:none;padding:0;margin:0}
.contents li{margin:0}
.contents a{display:block;padding:.28rem 0;color:var(--muted);text-decoration:none;font-size:.9rem;line-height:1.35}
.contents a:hover{color:var(--ink);text-decoration:underline}
.fold{border-bottom:1px solid var(--line);padding:.7rem 0;margin-bottom:-.5rem}
main>section:first-child{border-top:0;padding-top:0}
.fold[open] summary{margin-bottom:.4rem}
.side{display:none}
footer{margin-top:3.5rem;padding-top:1.5rem;border-top:1px solid var(--line);color:var(--muted);font-size:.85rem}
footer dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1.25rem;margin:.75rem 0 0}
footer dt{max-width:11rem}
footer dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
footer h2{font-size:.95rem;color:var(--ink);letter-spacing:0}
@media (max-width:751px){
header{padding-top:2rem}
section{margin-top:2.25rem;padding-top:1.75rem}
.facts{grid-template-columns:1fr 1fr}
.facts dd{font-size:1.25rem}
.facts div{padding:.8rem .6rem .8rem 0}
.drawing .wide{display:none}
.drawing .narrow{display:block;min-width:316px;max-width:440px}
.drawing .narrow svg{width:100%}
.drawing .narrow :is(.grid,.axis){shape-rendering:auto}
.pair{display:block}
.pair figure{display:block;margin:2rem 0}
}
@media screen and (min-width:1080px){
.page{max-width:1040px;display:grid;grid-template-columns:196px 720px;column-gap:92px;justify-content:center}
.page>*{grid-column:2;min-width:0}
.side{display:block;grid-column:1;grid-row:1/span 3}
.side nav{position:sticky;top:0;max-height:100vh;overflow-y:auto;padding:3.6rem 4px 2rem}
.side .label{margin:0 0 .5rem;font-size:.85rem;font-weight:620}
.fold{display:none}
}
@media print{
body{font-size:11pt}
.skip,.contents,details.data{display:none}
.page{max-width:none;padding:0}
header{padding-top:0}
section{margin-top:1.5rem;padding-top:1.2rem}
figure,tr,.callout,.pair{break-inside:avoid}
h2,figcaption{break-after:avoid}
.scroll,.drawing,pre{overflow:visible}
pre{white-space:pre-wrap}
}
${plotStyle}`
