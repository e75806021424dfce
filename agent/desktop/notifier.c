/* SPDX-License-Identifier: MIT */
#include "desktop/notifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>

#include "common/account_name.h"
#include "common/log.h"
#include "common/text.h"

#define SERVICE "org.freedesktop.Notifications"
#define SERVICE_PATH "/org/freedesktop/Notifications"
#define ICON "dialog-password"

/* A unique name: D-Bus Specification, "Valid Names". */
#define BUS_NAME_BYTES 256

/* The keys of actions; the second is a click on the notification itself. */
#define OPEN "open"
#define OPEN_BY_CLICK "default"

/* Until the service decides by itself, and until it is closed. */
enum { EXPIRES_BY_DEFAULT = -1, EXPIRES_NEVER = 0 };

struct note {
	LIST_ENTRY(note) link;
	struct notifier *notifier;
	char account[ACCOUNT_NAME_BYTES]; /* an offer's; "": only told */
	struct buf summary;
	struct buf body;
	struct buf instead;
	bool can_open;		      /* and the service has actions, when it was asked */
	bool is_withdrawn;	      /* to be closed as soon as its number is known */
	sd_bus_slot *call;	      /* that is under way; NULL: none, it is shown */
	uint32_t id;		      /* the service's number for it, once it is shown */
	char service[BUS_NAME_BYTES]; /* whose number it is: nobody else is heard */
};

struct notifier {
	sd_event *event;
	notifier_open *open;
	void *context;
	sd_bus *connection; /* NULL: none */
	sd_bus_slot *slots[4];
	LIST_HEAD(notes, note) notes;
	size_t note_count;
};

/* ---- Notes ---- */

static void note_free(struct note *note)
{
	LIST_REMOVE(note, link);
	note->notifier->note_count--;
	sd_bus_slot_unref(note->call);
	buf_done(&note->summary);
	buf_done(&note->body);
	buf_done(&note->instead);
	free(note);
}

/* The shown one with this number; the sender of MESSAGE has to be who gave it. */
static struct note *find_shown(const struct notifier *notifier, sd_bus_message *message,
			       uint32_t id)
{
	const char *sender = sd_bus_message_get_sender(message);

	for (struct note *note = LIST_FIRST(&notifier->notes); note; note = LIST_NEXT(note, link))
		if (!note->call && note->id == id && sender && strcmp(note->service, sender) == 0)
			return note;
	return NULL;
}

/* Forgets what is shown by SERVICE_NAME; NULL: by anybody. */
static void forget_shown(struct notifier *notifier, const char *service_name)
{
	struct note *next;

	for (struct note *note = LIST_FIRST(&notifier->notes); note; note = next) {
		next = LIST_NEXT(note, link);
		if (!note->call && (!service_name || strcmp(note->service, service_name) == 0))
			note_free(note);
	}
}

/* ---- What the service says by itself ---- */

static int on_action(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct notifier *notifier = context;
	char account[ACCOUNT_NAME_BYTES];
	struct note *note;
	const char *action;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "us", &id, &action) < 0)
		return 0;
	note = find_shown(notifier, message, id);
	if (!note || !note->can_open ||
	    (strcmp(action, OPEN) != 0 && strcmp(action, OPEN_BY_CLICK) != 0))
		return 0;
	memcpy(account, note->account, sizeof(account));
	/* Once is enough. */
	notifier_withdraw(notifier, account);
	notifier->open(account, notifier->context);
	return 0;
}

static int on_closed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct note *note = NULL;
	uint32_t reason;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uu", &id, &reason) >= 0)
		note = find_shown(context, message, id);
	if (note)
		note_free(note);
	return 0;
}

/* What it showed is gone with it. */
static int on_owner_changed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *name;
	const char *old;
	const char *new;

	(void)error;
	if (sd_bus_message_read(message, "sss", &name, &old, &new) >= 0 && old[0])
		forget_shown(context, old);
	return 0;
}

static void disconnect(struct notifier *notifier)
{
	for (size_t n = 0; n < sizeof(notifier->slots) / sizeof(notifier->slots[0]); n++)
		notifier->slots[n] = sd_bus_slot_unref(notifier->slots[n]);
	notifier->connection = sd_bus_flush_close_unref(notifier->connection);
}

static int on_connection_end(sd_bus_message *message, void *context, sd_bus_error *error)
{
	(void)message;
	(void)error;
	log_debug("the connection to D-Bus has ended");
	forget_shown(context, NULL);
	disconnect(context);
	return 0;
}

static int watch(struct notifier *notifier)
{
	sd_bus *connection = notifier->connection;
	/* sd-bus makes this signal itself. */
	int r = sd_bus_match_signal(connection, &notifier->slots[0], "org.freedesktop.DBus.Local",
				    "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
				    "Disconnected", on_connection_end, notifier);

	if (r >= 0)
		r = sd_bus_match_signal_async(connection, &notifier->slots[1], NULL, SERVICE_PATH,
					      SERVICE, "ActionInvoked", on_action, NULL, notifier);
	if (r >= 0)
		r = sd_bus_match_signal_async(connection, &notifier->slots[2], NULL, SERVICE_PATH,
					      SERVICE, "NotificationClosed", on_closed, NULL,
					      notifier);
	if (r >= 0)
		r = sd_bus_add_match_async(connection, &notifier->slots[3],
					   "type='signal',sender='org.freedesktop.DBus',"
					   "interface='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" SERVICE "'",
					   on_owner_changed, NULL, notifier);
	return r;
}

/* A new connection if there is none. */
static int connect_bus(struct notifier *notifier)
{
	int r;

	if (notifier->connection)
		return sd_bus_is_open(notifier->connection) > 0 ? 0 : -ECONNRESET;
	r = sd_bus_open_user(&notifier->connection);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(notifier->connection,
						   (uint64_t)NOTIFIER_CALL_MS * 1000);
	if (r >= 0)
		r = sd_bus_attach_event(notifier->connection, notifier->event,
					SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = watch(notifier);
	if (r < 0)
		disconnect(notifier);
	return r;
}

/* ---- Showing ---- */

static void close_shown(const struct note *note)
{
	sd_bus *connection = note->notifier->connection;

	if (connection)
		(void)sd_bus_call_method_async(connection, NULL, SERVICE, SERVICE_PATH, SERVICE,
					       "CloseNotification", NULL, NULL, "u", note->id);
}

static void give_up(struct note *note, const char *why)
{
	log_debug("no notification is shown: %s", why);
	note_free(note);
}

/* Why a call was not answered; NULL: it was. */
static const char *refusal_of(sd_bus_message *answer)
{
	const sd_bus_error *error = sd_bus_message_get_error(answer);

	if (!error)
		return NULL;
	return error->message ? error->message : error->name;
}

static int on_shown(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct note *note = context;
	const char *sender = sd_bus_message_get_sender(message);

	(void)error;
	if (refusal_of(message) || !sender || sd_bus_message_read(message, "u", &note->id) < 0) {
		give_up(note, refusal_of(message) ? refusal_of(message) : "no number came back");
		return 0;
	}
	(void)snprintf(note->service, sizeof(note->service), "%s", sender);
	note->call = sd_bus_slot_unref(note->call);
	if (note->is_withdrawn)
		close_shown(note);
	if (note->is_withdrawn || !note->account[0])
		note_free(note);
	return 0;
}

static int notify(struct note *note, sd_bus *connection, const char *body)
{
	static const char types[] = "susssasa{sv}i";
	const char *summary = buf_text(&note->summary);
	int expires = note->account[0] ? EXPIRES_NEVER : EXPIRES_BY_DEFAULT;

	if (note->can_open)
		return sd_bus_call_method_async(connection, &note->call, SERVICE, SERVICE_PATH,
						SERVICE, "Notify", on_shown, note, types,
						"misskey-authd", 0, ICON, summary, body, 4,
						OPEN_BY_CLICK, "Open", OPEN, "Open", 0, expires);
	return sd_bus_call_method_async(connection, &note->call, SERVICE, SERVICE_PATH, SERVICE,
					"Notify", on_shown, note, types, "misskey-authd", 0, ICON,
					summary, body, 0, 0, expires);
}

static void show(struct note *note, sd_bus *connection, bool has_actions, bool has_markup)
{
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	note->can_open = note->can_open && has_actions;
	if (!note->can_open)
		buf_append_text(&note->body, buf_text(&note->instead));
	note->call = sd_bus_slot_unref(note->call);
	if (has_markup)
		text_append_html(&body, buf_text(&note->body), NOTIFIER_TEXT_CHARS);
	else
		buf_append_text(&body, buf_text(&note->body));
	r = buf_error(&body) ? -ENOMEM : notify(note, connection, buf_text(&body));
	if (r < 0)
		give_up(note, strerror(-r));
}

static int on_capabilities(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct note *note = context;
	bool has_actions = false;
	bool has_markup = false;
	const char *capability;

	(void)error;
	if (refusal_of(message) || sd_bus_message_enter_container(message, 'a', "s") < 0) {
		give_up(note, refusal_of(message) ? refusal_of(message) : "no capabilities");
		return 0;
	}
	while (sd_bus_message_read(message, "s", &capability) > 0) {
		has_actions = has_actions || strcmp(capability, "actions") == 0;
		has_markup = has_markup || strcmp(capability, "body-markup") == 0;
	}
	if (note->is_withdrawn)
		note_free(note);
	else
		show(note, sd_bus_message_get_bus(message), has_actions, has_markup);
	return 0;
}

/* Begins by asking what the service can do: another one may have come. */
static void begin(struct note *note)
{
	int r = connect_bus(note->notifier);

	if (r >= 0)
		r = sd_bus_call_method_async(note->notifier->connection, &note->call, SERVICE,
					     SERVICE_PATH, SERVICE, "GetCapabilities",
					     on_capabilities, note, "");
	if (r < 0)
		give_up(note, strerror(-r));
}

/* NULL if it cannot be shown. */
static struct note *add(struct notifier *notifier, const char *summary, const char *body)
{
	struct note *note =
		notifier->note_count < NOTIFIER_MAX_NOTES ? calloc(1, sizeof(*note)) : NULL;

	if (!note) {
		log_debug("no notification is shown: there are too many");
		return NULL;
	}
	note->notifier = notifier;
	LIST_INSERT_HEAD(&notifier->notes, note, link);
	notifier->note_count++;
	buf_append_text(&note->summary, summary);
	buf_append_text(&note->body, body);
	return note;
}

void notifier_tell(struct notifier *notifier, const char *summary, const char *body)
{
	struct note *note = add(notifier, summary, body);

	if (note)
		begin(note);
}

void notifier_offer(struct notifier *notifier, const char *account, const char *summary,
		    const char *body, const char *instead, bool can_open)
{
	struct note *note;

	notifier_withdraw(notifier, account);
	note = add(notifier, summary, body);
	if (!note)
		return;
	(void)snprintf(note->account, sizeof(note->account), "%s", account);
	buf_append_text(&note->instead, instead);
	note->can_open = can_open;
	begin(note);
}

/* ---- Withdrawing ---- */

static void withdraw(struct note *note)
{
	note->is_withdrawn = true;
	if (note->call)
		return;
	close_shown(note);
	note_free(note);
}

void notifier_withdraw(struct notifier *notifier, const char *account)
{
	struct note *next;

	for (struct note *note = LIST_FIRST(&notifier->notes); note; note = next) {
		next = LIST_NEXT(note, link);
		if (account ? strcmp(note->account, account) == 0 : note->account[0])
			withdraw(note);
	}
}

bool notifier_awaits_person(const struct notifier *notifier)
{
	for (const struct note *note = LIST_FIRST(&notifier->notes); note;
	     note = LIST_NEXT(note, link))
		if (note->can_open && !note->is_withdrawn)
			return true;
	return false;
}

bool notifier_is_flushed(const struct notifier *notifier)
{
	for (const struct note *note = LIST_FIRST(&notifier->notes); note;
	     note = LIST_NEXT(note, link))
		if (note->call)
			return false;
	return true;
}

/* ---- Life ---- */

int notifier_new(sd_event *event, notifier_open *open, void *context,
		 struct notifier **ret_notifier, struct err_detail *detail)
{
	struct notifier *notifier = calloc(1, sizeof(*notifier));

	if (!notifier)
		return err_set(detail, ERR_NOMEM, "no memory for notifications");
	notifier->event = event;
	notifier->open = open;
	notifier->context = context;
	LIST_INIT(&notifier->notes);
	*ret_notifier = notifier;
	return 0;
}

void notifier_free(struct notifier *notifier)
{
	if (!notifier)
		return;
	while (!LIST_EMPTY(&notifier->notes))
		note_free(LIST_FIRST(&notifier->notes));
	disconnect(notifier);
	free(notifier);
}
