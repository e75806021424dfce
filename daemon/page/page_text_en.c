/* SPDX-License-Identifier: MIT */
#include "page_text.h"

static const struct page_message kinds[PAGE_KIND_COUNT] = {
	[PAGE_ROOT] =
		{
			.heading = "misskey-authd is running",
			.explanation = "This is where a browser returns to after you have let "
				       "scripts on this computer use your Misskey account.",
			.next = "To log in to a server, run this command in a terminal:",
			.note = "There is nothing else to see here.",
		},
	[PAGE_NOT_FOUND] =
		{
			.heading = "There is nothing at this address",
			.explanation = "The link may be incomplete, or the login that it belonged "
				       "to may be long over.",
			.next = "To start a new login, run this command in a terminal:",
			.note = "If you did not start a login, just close this page.",
		},
	[PAGE_BAD_REQUEST] =
		{
			.heading = "This request was refused",
			.explanation = "misskey-authd only answers a browser that opens one of its "
				       "own links directly.",
			.next = "Open the link that `misskey-authctl login` shows in a browser "
				"window of its own.",
			.note = "Nothing was changed. If you did not start a login, just close "
				"this page.",
		},
	[PAGE_START_USED] =
		{
			.heading = "This link was opened in two browsers",
			.explanation = "A login goes on in one browser only, so this login was "
				       "stopped for safety.",
			.next = "The terminal where you started the login shows a new link: open "
				"it in one browser. If no terminal waits, run:",
			.note = "Did you open the link twice in this browser? Then it blocks "
				"cookies: allow them for 127.0.0.1. If you did not open it twice, "
				"another user of this computer may have.",
		},
	[PAGE_START_LATE] =
		{
			.heading = "This login is already finished",
			.explanation = "A link leads to one login, and somebody has finished this "
				       "one already.",
			.next = "To see whose account is stored, run this command in a terminal:",
			.note = "If it is not yours, somebody else on this computer was faster "
				"than you: remove it with `misskey-authctl logout`, and log in "
				"again with `--user` and your name.",
		},
	[PAGE_TOO_LARGE] =
		{
			.heading = "Your browser sent too many cookies",
			.explanation = "Browsers send this program the cookies of every other "
				       "program on 127.0.0.1. Together they are too large.",
			.next = "If you came from a Misskey server, copy the address of this page "
				"from the address bar, and put it in place of ADDRESS in this "
				"command, on the computer where you started the login:",
			.note = "Or delete the browser's cookies for 127.0.0.1, or use a private "
				"window, and start the login again. Do not give this address to "
				"anybody.",
		},
	[PAGE_TEXT_BROWSER] =
		{
			.heading = "This browser cannot show the consent page",
			.explanation = "The page of {server} needs JavaScript, which text browsers "
				       "and download programs do not have. The link can still be "
				       "used.",
			.next = "Open this link in a graphical browser, such as Firefox or "
				"Chromium. Or use a phone or another computer: this command shows "
				"an address and a QR code for it:",
			.note = "If you did not start a login, just close this page.",
		},
	[PAGE_OTHER_BROWSER] =
		{
			.heading = "This browser has no cookie of the login",
			.explanation =
				"A login is finished in the browser that opened its link. A cookie "
				"of 127.0.0.1 shows which one that is. This is another browser or "
				"a private window, or it blocks cookies.",
			.next = "If you started the login yourself, copy the address of this page "
				"from the address bar, and put it in place of ADDRESS in this "
				"command, on the computer where you started it:",
			.note = "Next time, allow cookies for 127.0.0.1, and open the link and "
				"press Accept in the same browser. If you did not start a login, "
				"just close this page: nothing has been stored. Do not give its "
				"address to anybody.",
		},
	[PAGE_WAITING] =
		{
			.heading = "Finishing the login…",
			.explanation = "misskey-authd is fetching your access token from {server} "
				       "and stores it on this computer.",
			.next = "Please keep this page open for a moment.",
			.note = "This page refreshes automatically.",
		},
	[PAGE_TROUBLE] =
		{
			.heading = "This takes longer than usual",
			.explanation = "Something is in the way of finishing the login. "
				       "misskey-authd keeps trying.",
			.next = "There is nothing you need to do for now. To see where it stands, "
				"run this command in a terminal:",
			.note = "This page refreshes automatically.",
		},
	[PAGE_PENDING] =
		{
			.heading = "Waiting for your consent",
			.explanation = "You are back from {server}, but it says that you have not "
				       "granted access yet.",
			.next = "Go back to the page of {server} and press Accept there.",
			.note = "This page refreshes automatically. If you do not want to grant "
				"access, just close it.",
		},
	[PAGE_UNAVAILABLE] =
		{
			.heading = "misskey-authd cannot work at the moment",
			.explanation = "Something on this computer has to be put right first.",
			.next = "This command tells what is wrong and how to put it right:",
			.note = "Start the login again after that.",
		},
};

static const struct page_message outcomes[OUTCOME_COUNT] = {
	[OUTCOME_AUTHORIZED] =
		{
			.heading = "You are logged in",
			.explanation = "Scripts on this computer can now use Misskey as @{user}.",
			.next = "This is how a script gets the access token:",
			.note = "You can close this page.",
		},
	[OUTCOME_UNVERIFIED] =
		{
			.heading = "You are logged in, but this could not be checked yet",
			.explanation = "The access token of @{user} is stored. Whether it works "
				       "could not be checked, as {server} did not answer. "
				       "misskey-authd will check again.",
			.next = "Scripts can already get the access token:",
			.note = "You can close this page. To check now, run `misskey-authctl "
				"verify {account}`.",
		},
	[OUTCOME_WRONG_USER] =
		{
			.heading = "You are signed in as a different user",
			.explanation = "Your browser is signed in to {server} as @{user}, but "
				       "{account} needs @{expected}. Nothing was changed on this "
				       "computer.",
			.next = "Sign out on {server}. Then start the login again, and sign in as "
				"@{expected}:",
			.note = "To stay signed in as @{user}, use a private window: "
				"`misskey-authctl login {login} --no-wait` prints the address to "
				"open in it.",
		},
	[OUTCOME_EXPIRED] =
		{
			.heading = "The login has expired",
			.explanation = "Access was not granted in the time for which a login is "
				       "kept open.",
			.next = "If you still want to log in, start again:",
			.note = "Nothing was stored. You can close this page.",
		},
	[OUTCOME_LOST] =
		{
			.heading = "The server has lost this login",
			.explanation = "{server} does not know this login any more, nor the one "
				       "that misskey-authd made in its place.",
			.next = "Start again:",
			.note = "If this happens again, ask the administrator of the server.",
		},
	[OUTCOME_REJECTED] =
		{
			.heading = "The server rejects its own access token",
			.explanation = "{server} handed out an access token, but does not accept "
				       "it. The access may have been withdrawn at once, or the "
				       "user may be suspended.",
			.next = "Make sure that you can use your account on {server}. Then start "
				"again:",
			.note = "Scripts do not get this access token.",
		},
	[OUTCOME_UNREACHABLE] =
		{
			.heading = "The server could not be reached",
			.explanation = "misskey-authd tried for a while, but got no answer from "
				       "{server} that it could use.",
			.next = "Check your connection, and whether {server} opens in this "
				"browser. Then start again:",
			.note = "The server may just be busy. Trying again later does no harm.",
		},
	[OUTCOME_REFUSED] =
		{
			.heading = "The server refused the login",
			.explanation = "{server} refused what misskey-authd asked for, and would "
				       "do so again.",
			.next = "Fix the problem above. Then start again:",
			.note = "The settings for your accounts are in `config.ini`; "
				"`misskey-authctl doctor` finds common mistakes.",
		},
	[OUTCOME_BAD_REPLY] =
		{
			.heading = "The server’s answer cannot be understood",
			.explanation = "What {server} answered is not what Misskey answers.",
			.next = "Make sure that this is a Misskey server, and that no firewall or "
				"sign-in page of a network is in between. Then start again:",
			.note = "Nothing usable was stored.",
		},
	[OUTCOME_ELSEWHERE] =
		{
			.heading = "The server goes by another name",
			.explanation = "{server} sends you to another address to grant access. For "
				       "your safety, that page was not opened.",
			.next = "If the address that was reported is the server you mean, put it "
				"in place of SERVER in this command:",
			.note = "If you do not know that address, do not go on, and ask the "
				"administrator of the server.",
		},
	[OUTCOME_LOCAL] =
		{
			.heading = "The login could not be stored",
			.explanation = "This computer failed to store what belongs to the login.",
			.next = "Fix the problem above, for example a full disk. Then start again:",
			.note = "`misskey-authctl doctor` helps to find out more.",
		},
	[OUTCOME_CANCELLED] =
		{
			.heading = "The login was cancelled",
			.explanation = "It was cancelled on this computer, a newer login took its "
				       "place, or {account} was changed or removed.",
			.next = "To log in after all, run this command in a terminal:",
			.note = "Nothing was stored.",
		},
	[OUTCOME_OPENED_TWICE] =
		{
			.heading = "This login was stopped for safety",
			.explanation = "Its link was opened in two browsers, or twice in one that "
				       "blocks cookies. Nothing was stored.",
			.next = "The terminal where you started the login shows a new link: open "
				"it in one browser. If no terminal waits, run:",
			.note = "If you did not open the link twice, another user of this computer "
				"may have.",
		},
};

const struct page_text page_text_en = {
	.code = "en",

	.next_step = "Next step",
	.reported = "What was reported",
	.user = "Signed in as",
	.expected = "Expected user",
	.server = "Server",
	.account = "Account name",
	.permission = "Scripts may",
	.permission_none = "nothing beyond knowing who you are",

	.wrong_user = "Not the right user?",
	.wrong_user_help =
		"Run `misskey-authctl logout {account}`, sign out on {server}, and log in again.",
	.choose_account = "Start the login again. If the page of {server} lists accounts, choose "
			  "@{expected} there. Otherwise sign out on {server} first, and sign in as "
			  "@{expected}:",
	.withdraw = "To withdraw the access",
	.withdraw_help =
		{
			[WITHDRAWAL_APPS] = "Remove the app in the settings of @{user}:",
			[WITHDRAWAL_API] =
				"Open the list of apps in the settings of @{user}, under API, "
				"and remove the app:",
			[WITHDRAWAL_LAST_USED] =
				"Apps have no names in the settings of @{user}. Remove the "
				"entry that was used last:",
			[WITHDRAWAL_ADMINISTRATOR] =
				"The settings of this server cannot do it. Ask the "
				"server's administrator.",
		},

	.unknown_account = "this account",
	.unknown_server = "the server",
	.unknown_user = "somebody",

	.kinds = kinds,
	.outcomes = outcomes,
};
