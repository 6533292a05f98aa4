#include "launch/report/report.hpp"

namespace pagewright {

const char* report_style() {
  return R"css(
:root{color-scheme:light dark;--ground:#f6f5f2;--card:#fff;--ink:#1d2024;--soft:#5d646e;--rule:#dcdad3;
--good:#12724a;--bad:#b3261e;--mixed:#8a5a00;--accent:#23518f;--goodbg:#e4f3eb;--badbg:#fbe9e7;--mixedbg:#fbf1da;--openbg:#eceff4;
--c0:#23518f;--c1:#c2551b;--c2:#2b8a5f;--c3:#8b3fa0;--c4:#a08200;--c5:#51606e;--tilel:78%;--tileink:#22303f}
@media (prefers-color-scheme:dark){:root{--ground:#15181c;--card:#1e2228;--ink:#e8e9eb;--soft:#a2a9b3;--rule:#363c45;
--good:#63cf9b;--bad:#ff8f85;--mixed:#e9b95a;--accent:#8db8f2;--goodbg:#17352a;--badbg:#3d211f;--mixedbg:#3a2f16;--openbg:#272d36;
--c0:#7fb0f5;--c1:#f0935c;--c2:#63cf9b;--c3:#cf8fe0;--c4:#dcc24c;--c5:#aab4be;--tilel:34%;--tileink:#e8edf2}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
header,nav,main{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.3rem;margin:0 0 .6rem}h3{font-size:1.05rem;margin:1.6rem 0 .5rem}
h3 small{font-weight:400;color:var(--soft)}h4{margin:0 0 .3rem;font-size:.95rem}
p{margin:.4rem 0 .8rem;max-width:78ch}
header p{color:var(--soft);margin:.1rem 0}.brand{letter-spacing:.08em;text-transform:uppercase;font-size:.75rem}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;padding-top:12px;padding-bottom:12px;font-size:.92rem}
a{color:var(--accent)}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:22px 24px;margin:0 0 18px}
.verdict{border-radius:10px;padding:16px 20px;margin:0 0 14px;border-left:6px solid var(--soft);background:var(--openbg)}
.verdict p{font-size:1.08rem;max-width:none}.verdict .headline{font-size:1.9rem;font-weight:700;margin:0 0 .2rem;line-height:1.2}
.verdict .surety,.verdict .over{font-size:.92rem;color:var(--soft)}.verdict .over{margin:0}
.verdict.good{background:var(--goodbg);border-color:var(--good)}.verdict.good .headline,b.good{color:var(--good)}
.verdict.bad{background:var(--badbg);border-color:var(--bad)}.verdict.bad .headline,b.bad{color:var(--bad)}
.verdict.mixed{background:var(--mixedbg);border-color:var(--mixed)}.verdict.mixed .headline,b.mixed{color:var(--mixed)}
b.open{color:var(--soft);font-weight:400}
.figures{display:flex;flex-wrap:wrap;gap:12px;margin:.8rem 0}
.tile-figure{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:10px 16px;min-width:11rem;flex:1 1 11rem;max-width:22rem}
.tile-figure span{display:block;color:var(--soft);font-size:.88rem}.tile-figure b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile-figure small{color:var(--soft)}.tile-figure.good b{color:var(--good)}.tile-figure.bad b{color:var(--bad)}
ul.plain{padding-left:1.1rem;margin:.3rem 0}
.missing,.note{color:var(--soft);background:var(--openbg);border-radius:8px;padding:10px 14px}
.warning{background:var(--mixedbg);border-left:5px solid var(--mixed);border-radius:8px;padding:10px 16px}.warning h3{margin-top:0}
.example{border-top:1px solid var(--rule);padding:4px 0 14px}.example:first-of-type{border-top:0}
.shopper{color:var(--soft)}.shopper b{color:var(--ink);font-weight:600}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:20px}
.pair>div{min-width:0}
.metrics{font-size:.82rem;color:var(--soft);margin:0 0 .4rem}
.page{background:var(--ground);border:1px solid var(--rule);border-radius:14px;padding:12px}
.section-name{font-size:.78rem;color:var(--soft);text-transform:capitalize;margin:2px 2px 6px}
.page ol{list-style:none;margin:0 0 12px;padding:0;display:grid;gap:8px}.page ol:last-child{margin-bottom:0}
ol.carousel,ol.strip{grid-auto-flow:column;grid-auto-columns:minmax(6.3rem,1fr);overflow-x:auto;padding-bottom:4px!important}
ol.strip{background:var(--mixedbg);padding:6px!important;border-radius:10px}
ol.grid{grid-template-columns:repeat(var(--columns),minmax(0,1fr))}
.item{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:8px;display:flex;flex-direction:column;gap:6px;min-width:0;font-size:.82rem;line-height:1.3}
ol.list .item{flex-direction:row}ol.list .tile{width:3.2rem;flex:none;min-height:3.2rem}
.item.fresh{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.item.engaged{background:var(--goodbg)}
.tile{display:grid;place-items:center;min-height:3.4rem;border-radius:7px;background:hsl(var(--hue) 38% var(--tilel));color:var(--tileink);font-size:1.3rem;font-weight:600;text-transform:uppercase}
.facts{display:flex;flex-direction:column;min-width:0;flex:1}.facts b{overflow-wrap:anywhere;font-weight:600}
.kind{color:var(--soft);overflow-wrap:anywhere}.price{font-weight:600;font-variant-numeric:tabular-nums}
.badges{display:flex;flex-wrap:wrap;gap:3px;margin-top:3px}
.badge{font-size:.7rem;border-radius:5px;padding:0 5px;border:1px solid currentColor;color:var(--soft);white-space:nowrap}
.badge.fresh{color:var(--accent)}.badge.clicked{color:var(--good)}.badge.bought{color:var(--card);background:var(--good);border-color:var(--good)}.badge.ad{color:var(--mixed)}
.why{margin-top:4px}.why summary{color:var(--accent);cursor:pointer;font-size:.76rem}.why span{display:block;font-size:.76rem;margin-top:2px}
.scroll{overflow-x:auto;margin:.4rem 0 1rem}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
.caption{margin:.8rem 0 .2rem;color:var(--soft);font-size:.85rem}
caption{text-align:left;color:var(--soft);padding-bottom:4px;font-size:.85rem}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top}
th:first-child{text-align:left;font-weight:500}thead th{color:var(--soft);font-weight:600;white-space:nowrap}
td small{display:block;color:var(--soft);font-size:.74rem;white-space:nowrap}.words{text-align:left}
td.up{color:var(--good)}td.down{color:var(--bad)}tr.marked{background:var(--openbg)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:6px 26px}
.changes{width:100%}.changes .bar{position:relative;width:38%;min-width:5rem}
.bar i{position:absolute;top:7px;height:11px;border-radius:2px;background:var(--good)}.bar i.down{background:var(--bad)}
.bar::before{content:"";position:absolute;left:50%;top:0;bottom:0;border-left:1px solid var(--rule)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:14px}
figure{margin:0;border:1px solid var(--rule);border-radius:10px;padding:10px 12px}figcaption{font-size:.88rem;margin-bottom:4px}
figcaption b{font-weight:600}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px}svg .axis{font-size:12px}svg .name{fill:var(--ink);font-size:12px;paint-order:stroke;stroke:var(--card);stroke-width:3px}
svg .rule{stroke:var(--rule)}svg .line{fill:none;stroke-width:1.8}svg .dashed{stroke-dasharray:6 3}svg .dotted{stroke-dasharray:1 4;stroke-linecap:round}svg .whisker{stroke-width:1.5}
svg .mark{stroke:var(--card);stroke-width:1}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
.line,.whisker{stroke:var(--c)}.dot,.mark{fill:var(--c)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:4px 0 0;padding:0;font-size:.8rem;color:var(--soft)}
.key{display:inline-block;width:18px;border-top:3px solid var(--c);vertical-align:middle;margin-right:5px}.key.dashed{border-top-style:dashed}.key.dotted{border-top-style:dotted}
details>summary{cursor:pointer}pre{overflow-x:auto;font-size:.8rem;line-height:1.4;background:var(--ground);border-radius:8px;padding:12px}
@media (max-width:640px){section{padding:16px 14px;border-radius:0;border-left:0;border-right:0}main{padding:0}.verdict .headline{font-size:1.5rem}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:11pt}nav{display:none}section{border:0;padding:0;margin-bottom:16pt}
.item,figure,tr,.tile-figure,.verdict{break-inside:avoid}h2,h3,h4{break-after:avoid}.pair{grid-template-columns:1fr 1fr}.scroll{overflow:visible}table.wide{font-size:6.5pt}table.wide th,table.wide td{padding:2px 3px}.why{display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

}  // namespace pagewright
