/* SPDX-License-Identifier: MIT */
#include "daemon/page_style.h"

#include "daemon/page.h"

/* Contrasts are at least 4.5:1 for text and 3:1 for signs (WCAG 2.2 AA), in both colour schemes. */
static const char style[] =
	":root{color-scheme:light dark;"
	"--back:#f3f5ee;--card:#fff;--edge:#dde2d3;--text:#1c2116;--soft:#565e4b;"
	"--code:#f1f4ea;--mark:#4c6b00;--on-mark:#fff;"
	"--neutral:#565e4b;--good:#3d7000;--caution:#8f5600;--bad:#b3261e}"
	"@media (prefers-color-scheme:dark){:root{"
	"--back:#14170f;--card:#1e2218;--edge:#3a4130;--text:#e9eddf;--soft:#b3bba4;"
	"--code:#14170f;--mark:#a9d43a;--on-mark:#1c2605;"
	"--neutral:#b3bba4;--good:#a3d65c;--caution:#f2b84b;--bad:#ff9d92}}"
	"*{box-sizing:border-box}"
	"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}"
	"body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;"
	"padding:clamp(1rem,8vh,5rem) 1rem 2rem;background:var(--back);color:var(--text);"
	"font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",Cantarell,Ubuntu,"
	"\"Hiragino Sans\",\"Noto Sans JP\",\"Noto Sans CJK JP\",\"Yu Gothic "
	"UI\",Meiryo,sans-serif}"
	".brand{display:flex;align-items:center;gap:.6rem;margin:0 0 1.25rem;"
	"color:var(--soft);font-size:.95rem;font-weight:600;letter-spacing:.01em}"
	".brand svg{width:1.75rem;height:1.75rem}"
	".plate{fill:var(--mark)}.key{fill:none;stroke:var(--on-mark)}"
	"main{width:100%;max-width:36rem;background:var(--card);border:1px solid var(--edge);"
	"border-radius:1rem;padding:clamp(1.25rem,5vw,2.25rem);"
	"box-shadow:0 1px 2px rgba(0,0,0,.04),0 8px 28px rgba(0,0,0,.06)}"
	".sign{display:block;width:3rem;height:3rem;margin:0 0 1rem;color:var(--tone)}"
	".neutral,.busy{--tone:var(--neutral)}.busy{--tone:var(--mark)}.good{--tone:var(--good)}"
	".caution{--tone:var(--caution)}.bad{--tone:var(--bad)}"
	"h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.3;letter-spacing:-.01em;"
	"text-wrap:balance}"
	":lang(ja) h1{letter-spacing:0}:lang(ja) h1,:lang(ja) p{word-break:auto-phrase}"
	"h2{margin:0 0 .35rem;font-size:.95rem;line-height:1.4}"
	"p{margin:0;text-wrap:pretty}p,dd,h1,code{overflow-wrap:anywhere}"
	"dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.55rem 1.25rem;"
	"margin:1.5rem 0 0;padding:1.1rem 0 0;border-top:1px solid var(--edge)}"
	"dt{color:var(--soft);font-size:.95rem}dd{margin:0;font-weight:600}"
	"dd.list{display:flex;flex-wrap:wrap;gap:.35rem;font-weight:400}"
	"section{margin:1.5rem 0 0;padding:1.25rem 0 0;border-top:1px solid var(--edge)}"
	"code{font-family:ui-monospace,\"SFMono-Regular\",Menlo,Consolas,\"Liberation Mono\","
	"monospace;font-size:.9em;background:var(--code);border:1px solid var(--edge);"
	"-webkit-box-decoration-break:clone;box-decoration-break:clone;"
	"border-radius:.35rem;padding:.1em .35em}"
	"pre{margin:.75rem 0 0}"
	"pre code{display:block;padding:.8rem 1rem;border-radius:.6rem;white-space:pre-wrap;"
	"line-height:1.5;user-select:all}"
	".detail{border-left:.25rem solid var(--tone);border-top:0;margin:1.25rem 0 0;"
	"padding:.1rem 0 .1rem .9rem}"
	".note{margin:1.25rem 0 0;color:var(--soft);font-size:.9rem}"
	".spin{transform-origin:24px 24px;animation:spin 1.2s linear infinite}"
	"@keyframes spin{to{transform:rotate(360deg)}}"
	"@media (prefers-reduced-motion:reduce){.spin{animation:none}}"
	"@media (max-width:30rem){dl{grid-template-columns:minmax(0,1fr);gap:0}"
	"dd+dt{margin-top:.75rem}}"
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
	"fill=\"none\" stroke=\"currentColor\" stroke-width=\"4\" stroke-linecap=\"round\" "  \
	"stroke-linejoin=\"round\">"
#define SIGN_CIRCLE "<circle cx=\"24\" cy=\"24\" r=\"20\"/>"

static const struct {
	const char *name;
	const char *sign;
} tones[PAGE_TONE_COUNT] = {
	[PAGE_TONE_NEUTRAL] = {"neutral",
			       SIGN_OPEN SIGN_CIRCLE "<path d=\"M24 22v11M24 14.5v.01\"/></svg>"},
	[PAGE_TONE_BUSY] = {"busy", SIGN_OPEN
			    "<circle cx=\"24\" cy=\"24\" r=\"20\" stroke-opacity=\".25\"/>"
			    "<path class=\"spin\" d=\"M24 4a20 20 0 0 1 20 20\"/></svg>"},
	[PAGE_TONE_GOOD] = {"good",
			    SIGN_OPEN SIGN_CIRCLE "<path d=\"M15 25l6.5 6.5L34 18\"/></svg>"},
	[PAGE_TONE_CAUTION] = {"caution", SIGN_OPEN "<path d=\"M24 5 45 42H3z\"/>"
						    "<path d=\"M24 18v11M24 35.5v.01\"/></svg>"},
	[PAGE_TONE_BAD] = {"bad",
			   SIGN_OPEN SIGN_CIRCLE "<path d=\"M17 17l14 14M31 17 17 31\"/></svg>"},
};

const char *page_sign(enum page_tone tone)
{
	return tones[tone].sign;
}

const char *page_tone_class(enum page_tone tone)
{
	return tones[tone].name;
}
