/* SPDX-License-Identifier: MIT */
#include "page_style.h"

#include "page/page.h"

/* Contrasts are at least 4.5:1 for text and 3:1 for signs (WCAG 2.2 AA), in both colour schemes. */
static const char style[] =
	":root{color-scheme:light dark;"
	"--back:#f3f5ee;--card:#fff;--edge:#dde2d3;--text:#1c2116;--soft:#565e4b;"
	"--inset:#f6f8f1;--mark:#4c6b00;--on-mark:#fff;--screen:#1c2116;--on-screen:#e9eddf;"
	"--prompt:#a9d43a;"
	"--neutral:#565e4b;--good:#3d7000;--caution:#8f5600;--bad:#b3261e;"
	"--neutral-tint:#eceee6;--good-tint:#e6f2d3;--caution-tint:#fcefd8;--bad-tint:#fbe5e2}"
	"@media (prefers-color-scheme:dark){:root{"
	"--back:#14170f;--card:#1e2218;--edge:#3a4130;--text:#e9eddf;--soft:#b3bba4;"
	"--inset:#191c13;--mark:#a9d43a;--on-mark:#1c2605;--screen:#0e100a;"
	"--neutral:#b3bba4;--good:#a3d65c;--caution:#f2b84b;--bad:#ff9d92;"
	"--neutral-tint:#2d3326;--good-tint:#2a3a17;--caution-tint:#3d3016;--bad-tint:#46241f}}"
	"*{box-sizing:border-box}"
	"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}"
	"body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;"
	"padding:clamp(1rem,8vh,5rem) min(1rem,4vw) 2rem;background:var(--back);color:var(--text);"
	"font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",Cantarell,Ubuntu,"
	"\"Hiragino Sans\",\"Noto Sans JP\",\"Noto Sans CJK JP\",\"Yu Gothic "
	"UI\",Meiryo,sans-serif}"
	".brand{display:flex;align-items:center;gap:.6rem;margin:0 0 1.25rem;"
	"color:var(--soft);font-size:.95rem;font-weight:600;letter-spacing:.01em}"
	".brand svg{width:1.75rem;height:1.75rem}"
	".plate{fill:var(--mark)}.key{fill:none;stroke:var(--on-mark)}"
	"main{--pad:min(2.25rem,6vw);width:100%;max-width:36rem;"
	"background:var(--card);border:1px solid var(--edge);"
	"border-radius:1rem;padding:var(--pad);"
	"box-shadow:0 1px 2px rgba(0,0,0,.04),0 8px 28px rgba(0,0,0,.06)}"
	".neutral,.busy{--tone:var(--neutral);--tint:var(--neutral-tint)}"
	".busy{--tone:var(--mark);--tint:var(--good-tint)}"
	".good{--tone:var(--good);--tint:var(--good-tint)}"
	".caution{--tone:var(--caution);--tint:var(--caution-tint)}"
	".bad{--tone:var(--bad);--tint:var(--bad-tint)}"
	".title{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1rem;margin:0 0 .9rem}"
	".sign{flex:none;width:3.25rem;height:3.25rem;padding:.8rem;border-radius:50%;"
	"background:var(--tint);color:var(--tone)}"
	"h1{flex:1 1 12rem;margin:0;font-size:1.5rem;line-height:1.3;letter-spacing:-.01em;"
	"text-wrap:balance}"
	":lang(ja) h1{letter-spacing:0}:lang(ja) h1,:lang(ja) p{word-break:auto-phrase}"
	"h2{margin:0 0 .35rem;font-size:.95rem;line-height:1.4}"
	"p{margin:0;text-wrap:pretty}p,dt,dd,h1,h2,code{overflow-wrap:anywhere}"
	"dl{margin:1.5rem 0 0;padding:.35rem min(1.1rem,4vw);background:var(--inset);"
	"border:1px solid var(--edge);border-radius:.75rem}"
	"dl div{display:flex;flex-wrap:wrap;gap:0 1.25rem;padding:.6rem 0}"
	"dl div+div{border-top:1px solid var(--edge)}"
	"dt{flex:0 1 9rem;min-width:0;color:var(--soft);font-size:.95rem}"
	"dd{flex:1 1 12rem;margin:0;font-weight:600}"
	"dd.list{display:flex;flex-wrap:wrap;gap:.35rem;font-weight:400}"
	"section{margin:1.75rem 0 0}"
	"code{font-family:ui-monospace,\"SFMono-Regular\",Menlo,Consolas,\"Liberation Mono\","
	"monospace;font-size:.9em;background:var(--inset);border:1px solid var(--edge);"
	"-webkit-box-decoration-break:clone;box-decoration-break:clone;"
	"border-radius:.35rem;padding:.1em .35em}"
	"pre{display:flex;gap:.75em;margin:.75rem 0 0;padding:.85rem "
	"min(1.1rem,4vw);border-radius:.75rem;"
	"background:var(--screen);color:var(--on-screen);border:1px solid var(--edge);"
	"font:.9rem/1.5 ui-monospace,\"SFMono-Regular\",Menlo,Consolas,\"Liberation "
	"Mono\",monospace}"
	"pre::before{content:\"$\";content:\"$\"/\"\";color:var(--prompt)}"
	"pre code{padding:0;border:0;background:none;font:inherit;white-space:pre-wrap;"
	"user-select:all}"
	".detail{border-left:.25rem solid var(--tone);margin:1.25rem 0 0;"
	"padding:.1rem 0 .1rem .9rem}"
	".note{margin:1rem 0 0;color:var(--soft);font-size:.9rem}"
	".help{display:grid;gap:1.1rem;"
	"margin:var(--pad) calc(-1*var(--pad)) calc(-1*var(--pad));"
	"padding:1.4rem var(--pad) 1.6rem;background:var(--inset);border-top:1px solid "
	"var(--edge);border-radius:0 0 1rem 1rem;"
	"font-size:.9rem;color:var(--soft)}"
	".help h2{margin:0 0 .15rem;color:var(--text)}"
	"a{color:var(--mark);font-weight:600;text-underline-offset:.2em;border-radius:.15rem}"
	"a:hover{text-decoration-thickness:.15em}"
	":focus-visible{outline:.2rem solid var(--mark);outline-offset:.2rem}"
	".spin{transform-origin:24px 24px;animation:spin 1.2s linear infinite}"
	"@keyframes spin{to{transform:rotate(360deg)}}"
	"@media (prefers-reduced-motion:reduce){.spin{animation:none}}"
	"@media (forced-colors:active){.plate{fill:CanvasText}.key{stroke:Canvas}}";

const char *page_style(void)
{
	return style;
}

/* A speech bubble with a key in it. */
#define BUBBLE                                                                                 \
	"M10 3h28a8 8 0 0 1 8 8v20a8 8 0 0 1-8 8H22l-9.5 7.2A1 1 0 0 1 11 45.4V39h-1a8 8 0 0 " \
	"1-8-8V11a8 8 0 0 1 8-8z"
#define KEY "M22.5 21a5.5 5.5 0 1 1-11 0 5.5 5.5 0 1 1 11 0zM22.5 21H37v6M31 21v4.5"
#define KEY_STROKE "stroke-width=\"3.6\" stroke-linecap=\"round\" stroke-linejoin=\"round\""

const char *page_mark(void)
{
	return "<svg viewBox=\"0 0 48 48\" aria-hidden=\"true\" focusable=\"false\">"
	       "<path class=\"plate\" d=\"" BUBBLE "\"/>"
	       "<path class=\"key\" " KEY_STROKE " d=\"" KEY "\"/></svg>";
}

const char *page_icon(void)
{
	return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\">"
	       "<path fill=\"#4c6b00\" d=\"" BUBBLE "\"/>"
	       "<path fill=\"none\" stroke=\"#fff\" " KEY_STROKE " d=\"" KEY "\"/></svg>\n";
}

#define SIGN_OPEN                                                                             \
	"<svg class=\"sign\" viewBox=\"0 0 48 48\" aria-hidden=\"true\" focusable=\"false\" " \
	"fill=\"none\" stroke=\"currentColor\" stroke-width=\"6\" stroke-linecap=\"round\" "  \
	"stroke-linejoin=\"round\">"

static const struct {
	const char *name;
	const char *sign;
} tones[PAGE_TONE_COUNT] = {
	[PAGE_TONE_NEUTRAL] = {"neutral", SIGN_OPEN "<path d=\"M24 22v20M24 7v.01\"/></svg>"},
	[PAGE_TONE_BUSY] = {"busy", SIGN_OPEN
			    "<circle cx=\"24\" cy=\"24\" r=\"20\" stroke-opacity=\".25\"/>"
			    "<path class=\"spin\" d=\"M24 4a20 20 0 0 1 20 20\"/></svg>"},
	[PAGE_TONE_GOOD] = {"good", SIGN_OPEN "<path d=\"M6 26l12 12L42 11\"/></svg>"},
	[PAGE_TONE_CAUTION] = {"caution", SIGN_OPEN "<path d=\"M24 6v21M24 41v.01\"/></svg>"},
	[PAGE_TONE_BAD] = {"bad", SIGN_OPEN "<path d=\"M9 9l30 30M39 9 9 39\"/></svg>"},
};

const char *page_sign(enum page_tone tone)
{
	return tones[tone].sign;
}

const char *page_tone_class(enum page_tone tone)
{
	return tones[tone].name;
}
