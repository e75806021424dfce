/* SPDX-License-Identifier: MIT */
/* Proves that config files mean what config.example.ini says, and that every mistake is named with
 * its line and what was expected. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/permission.h"
#include "config/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where the sources are: the tests are run from there, or built with its path. */
#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

#define ACCOUNT "[account a]\nserver = h.example\n"

static struct config *parse(const char *text)
{
	struct err_detail detail = {0};
	struct config *config = NULL;

	if (config_parse(text, strlen(text), "c.ini", &config, &detail) != 0)
		fail_msg("%s", detail.text);
	return config;
}

static void assert_refused(const char *text, size_t size, int code, const char *start,
			   const char *said)
{
	struct err_detail detail = {0};
	struct config *config = NULL;
	int r = config_parse(text, size, "c.ini", &config, &detail);

	config_free(config);
	if (r != code || strncmp(detail.text, start, strlen(start)) != 0 ||
	    !strstr(detail.text, said))
		fail_msg("%.60s: %d, %s", text, r, detail.text);
	assert_null(config);
}

static void nothing_means_defaults(void **state)
{
	static const char *const texts[] = {
		"",	"\n\n",		"# c\n ; c\n\t# c\n",	 "[daemon]",
		"\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF[daemon]\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		_cleanup_(config_freep) struct config *config = parse(texts[i]);

		assert_string_equal(config->file, "c.ini");
		assert_int_equal(config->port, 41987);
		assert_int_equal(config->session_time_s, 1800);
		assert_int_equal(config->poll_interval_s, 5);
		assert_int_equal(config->poll_interval_max_s, 60);
		assert_int_equal(config->request_time_s, 30);
		assert_null(config->ca_file);
		assert_null(config->hooks[CONFIG_ON_CONSENT_NEEDED]);
		assert_null(config->hooks[CONFIG_ON_CREDENTIAL_CHANGED]);
		assert_null(config->hooks[CONFIG_ON_ERROR]);
		assert_int_equal(config->hook_time_s, 60);
		assert_true(config->notifications && config->browser);
		assert_true(config->confinement);
		assert_int_equal(config->log_level, LOG_LEVEL_INFO);
		assert_int_equal(config->account_count, 0);
		assert_null(config_account_find(config, "a"));
	}
}

static void every_key_is_read(void **state)
{
	_cleanup_(config_freep) struct config *config =
		parse("[daemon] ; first\n"
		      "listen = 127.0.0.1:0\r\n"
		      "session_time=7d\n"
		      "poll_interval: 10m ; slow\n"
		      "poll_interval_max = 1h\n"
		      "request_time = 90\n"
		      "ca_file\t=\t/etc/ca file.pem\n"
		      "log_level = debug\n"
		      "on_consent_needed = /bin/a b\n"
		      "on_credential_changed = /bin/c \"d  e\" ; comment\n"
		      "on_error = \"/bin/f g\" $h\n"
		      "hook_time = 1h\n"
		      "notifications = no\n"
		      "browser = no\n"
		      "confinement = no\n"
		      "\n"
		      "[account  work:1] # second\n"
		      "server = https://Misskey.Example/\n"
		      "permission = write:notes account-read\n"
		      "user = @alice\n"
		      "name = ミスキー ; comment\n"
		      "description = a = b: c;d\n"
		      "method = miauth\n"
		      "[account b]\n"
		      "server = @bob@misskey.example\n"
		      "permission =");
	const struct config_account *account = config_account_find(config, "work:1");

	(void)state;
	assert_int_equal(config->port, 0);
	assert_int_equal(config->session_time_s, 604800);
	assert_int_equal(config->poll_interval_s, 600);
	assert_int_equal(config->poll_interval_max_s, 3600);
	assert_int_equal(config->request_time_s, 90);
	assert_string_equal(config->ca_file, "/etc/ca file.pem");
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(config->hooks[CONFIG_ON_CONSENT_NEEDED][1], "b");
	assert_string_equal(config->hooks[CONFIG_ON_CREDENTIAL_CHANGED][1], "d  e");
	assert_null(config->hooks[CONFIG_ON_CREDENTIAL_CHANGED][2]);
	assert_string_equal(config->hooks[CONFIG_ON_ERROR][0], "/bin/f g");
	assert_string_equal(config->hooks[CONFIG_ON_ERROR][1], "$h");
	assert_int_equal(config->hook_time_s, 3600);
	assert_false(config->notifications || config->browser);
	assert_false(config->confinement);
	assert_int_equal(config->account_count, 2);

	assert_ptr_equal(account, &config->accounts[0]);
	assert_int_equal(account->line, 17);
	assert_string_equal(account->server.origin, "https://misskey.example");
	assert_string_equal(account->permission, "read:account,write:notes");
	assert_string_equal(account->user, "alice");
	assert_string_equal(account->app_name, "ミスキー");
	assert_string_equal(account->description, "a = b: c;d");
	assert_int_equal(account->method, METHOD_MIAUTH);

	account = config_account_find(config, "b");
	assert_ptr_equal(account, &config->accounts[1]);
	assert_string_equal(account->user, "bob");
	assert_string_equal(account->permission, "");
	assert_null(account->app_name);
	assert_int_equal(account->method, METHOD_AUTO);
	assert_non_null(strstr(account->description, "API"));
	assert_null(config_account_find(config, "B"));
}

/* Without a word about the other, both go together. */
static void poll_intervals_fit(void **state)
{
	static const struct {
		const char *text;
		int64_t interval_s, max_s;
	} cases[] = {
		{"[daemon]\npoll_interval = 10m\n", 600, 600},
		{"[daemon]\npoll_interval = 10m\n" ACCOUNT, 600, 600},
		{"[daemon]\npoll_interval = 59\n", 59, 60},
		{"[daemon]\npoll_interval_max = 5s\n", 5, 5},
		{"[daemon]\npoll_interval_max = 1\npoll_interval = 1\n", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(config_freep) struct config *config = parse(cases[i].text);

		assert_int_equal(config->poll_interval_s, cases[i].interval_s);
		assert_int_equal(config->poll_interval_max_s, cases[i].max_s);
	}
}

static void an_account_has_defaults(void **state)
{
	_cleanup_(config_freep) struct config *config = parse(ACCOUNT);

	(void)state;
	assert_null(config->accounts[0].user);
	assert_string_equal(config->accounts[0].permission, PERMISSION_DEFAULT);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *start, *said;
	} cases[] = {
		{"listen = 1\n", ERR_SYNTAX, "c.ini:1: `listen`: expected [daemon]", ""},
		{"[deamon]\n", ERR_INVALID, "c.ini:1: `[deamon]`: expected", "mean `daemon`?"},
		{"\n[acount x]\n", ERR_INVALID, "c.ini:2: `[acount x]`: ", "mean `account`?"},
		{"[daemon x]\n", ERR_INVALID, "c.ini:1: `[daemon x]`: expected [daemon]", ""},
		{"[]\n", ERR_INVALID, "c.ini:1: `[]`: expected [daemon]", ""},
		{"[daemon\n", ERR_SYNTAX, "c.ini:1: `[daemon`: expected a closing ]", ""},
		{"[daemon] x\n", ERR_SYNTAX, "c.ini:1: ", "nothing after the ]"},
		{"[account]\n", ERR_SYNTAX, "c.ini:1: `[account]`: ", "[account NAME]"},
		{"[account ../x]\n", ERR_INVALID, "c.ini:1: `../x`: ", "a letter or digit"},
		{"[account a b]\n", ERR_INVALID, "c.ini:1: `a b`: ", "a letter or digit"},
		{"[daemon]\n\n[daemon]\n", ERR_EXISTS, "c.ini:3: `[daemon]`: ", "line 1"},
		{ACCOUNT "[account b]\nserver = h\n[account a]\n[account b]", ERR_EXISTS,
		 "c.ini:5: `[account a]`: ", "line 1"},
		{"[account a]\n" ACCOUNT ACCOUNT, ERR_EXISTS, "c.ini:2: ", "line 1"},
		{ACCOUNT "[account b]\nserver = h\n[account A]\nserver = h\n", ERR_EXISTS,
		 "c.ini:5: `[account A]`: ", "[account a] in line 1 not only in the case"},
		{"#\n[account a]\nuser = x\n[account b]\nserver = h\n", ERR_INVALID,
		 "c.ini:2: [account a] has no server", "expected `server ="},
		{"[account a]", ERR_INVALID, "c.ini:1: [account a] has no server", ""},
		{ACCOUNT "sever = x\n", ERR_INVALID, "c.ini:3: `sever`: ", "mean `server`?"},
		{ACCOUNT "listen = 1\n", ERR_INVALID, "c.ini:3: `listen`: ",
		 "expected server, permission, user, name, description or method in [account"},
		{"[daemon]\nLog_Level=info\n", ERR_INVALID, "c.ini:2: ", "mean `log_level`?"},
		{"[daemon]\n= 5\n", ERR_INVALID, "c.ini:2: ``: expected listen", ""},
		{"[daemon]\nlisten\n", ERR_SYNTAX, "c.ini:2: `listen`: expected `key", ""},
		{"[daemon]\nlisten ;= 5\nx\n", ERR_SYNTAX, "c.ini:2: `listen ;= 5`: ", "`key"},
		{"[daemon]\nlisten", ERR_SYNTAX, "c.ini:2: `listen`: ", "expected `key"},
		{"[daemon]\nlisten = 1\nlisten = 2\n", ERR_EXISTS, "c.ini:3: `listen`: ", "line 2"},
		{ACCOUNT "server = i.example\n", ERR_EXISTS, "c.ini:3: `server`: ", "once"},
		{"[daemon]\nlisten = 1\n 2\n", ERR_SYNTAX, "c.ini:3: ` 2`: ", "no blank"},
		{"[daemon]\n listen = 1\n", ERR_SYNTAX, "c.ini:2: ", "no blank"},
		{"[daemon]\n\tlisten = 1\n", ERR_SYNTAX, "c.ini:2: ", "no blank"},
		{"[daemon]\nlisten = 1\n [account a]\n", ERR_SYNTAX, "c.ini:3: ", "no blank"},
		{"[daemon]\nlisten = 0.0.0.0:1\n", ERR_INVALID,
		 "c.ini:2: listen: `0.0.0.0:1`: expected 127.0.0.1:PORT", ""},
		{"[daemon]\nlisten = localhost:1\n", ERR_INVALID, "c.ini:2: ", "127.0.0.1:PORT"},
		{"[daemon]\nlisten = ::1\n", ERR_INVALID, "c.ini:2: ", "127.0.0.1:PORT"},
		{"[daemon]\nlisten =\n", ERR_SYNTAX, "c.ini:2: ", "127.0.0.1:PORT"},
		{"[daemon]\nsession_time = 59\n", ERR_INVALID, "c.ini:2: ", "from 1m to 7d"},
		{"[daemon]\nsession_time = 8d\n", ERR_INVALID, "c.ini:2: ", "from 1m to 7d"},
		{"[daemon]\npoll_interval = 0\n", ERR_INVALID, "c.ini:2: ", "from 1s to 10m"},
		{"[daemon]\nrequest_time = 6m\n", ERR_INVALID, "c.ini:2: ", "from 1s to 5m"},
		{"[daemon]\npoll_interval = 11m\n", ERR_INVALID, "c.ini:2: ", "from 1s to 10m"},
		{"[daemon]\npoll_interval_max = 0\n", ERR_INVALID, "c.ini:2: ", "from 1s to 1h"},
		{"[daemon]\npoll_interval_max = 2h\n", ERR_INVALID, "c.ini:2: ", "from 1s to 1h"},
		{"[daemon]\npoll_interval_max = 59\n\npoll_interval = 1m\n", ERR_INVALID,
		 "c.ini:2: poll_interval_max: ", "poll_interval, which is 60s in line 4"},
		{"[daemon]\npoll_interval = 10m\npoll_interval_max = 1m\n" ACCOUNT "x\n",
		 ERR_INVALID, "c.ini:3: poll_interval_max: ", "which is 600s in line 2"},
		{"[daemon]\npoll_interval_max = 4s\n", ERR_INVALID,
		 "c.ini:2: poll_interval_max: ", "which is 5s by default"},
		{"[daemon]\nca_file = ca.pem\n", ERR_INVALID, "c.ini:2: ", "absolute path"},
		{"[daemon]\nca_file = ~/ca.pem\n", ERR_INVALID, "c.ini:2: ", "~ is not expanded"},
		{"[daemon]\nca_file =\n", ERR_INVALID, "c.ini:2: ", "absolute path"},
		{"[daemon]\nlog_level = warn\n", ERR_INVALID, "c.ini:2: ", "warning, info"},
		{"[daemon]\nlog_level = wraning\n", ERR_INVALID, "c.ini:2: ", "mean `warning`?"},
		{"[daemon]\non_error = mail me\n", ERR_INVALID,
		 "c.ini:2: on_error: `mail`: ", "absolute path"},
		{"[daemon]\non_error =\n", ERR_INVALID, "c.ini:2: on_error: ", "a command"},
		{"[daemon]\non_error = /bin/a \"b ; c\"\n", ERR_SYNTAX,
		 "c.ini:2: on_error: ", "begins a comment"},
		{"[daemon]\non_failure = /bin/a\n", ERR_INVALID, "c.ini:2: ", "or confinement in"},
		{"[daemon]\nhook_time = 0\n", ERR_INVALID, "c.ini:2: ", "from 1s to 1h"},
		{"[daemon]\nhook_time = 61m\n", ERR_INVALID, "c.ini:2: ", "from 1s to 1h"},
		{"[daemon]\nbrowser = firefox\n", ERR_INVALID,
		 "c.ini:2: browser: `firefox`: ", "yes or no"},
		{"[daemon]\nnotifications = on\n", ERR_INVALID,
		 "c.ini:2: notifications: `on`: ", "yes or no"},
		{"[daemon]\nconfinement = off\n", ERR_INVALID,
		 "c.ini:2: confinement: `off`: ", "yes or no"},
		{"[account a]\nserver = http://h.example\n", ERR_INVALID,
		 "c.ini:2: server: `http://h.example`: expected https://", ""},
		{"[account a]\nserver =\n", ERR_SYNTAX, "c.ini:2: server: ", "such as misskey"},
		{ACCOUNT "permission = a;b\n", ERR_INVALID, "c.ini:3: permission: `a;b`", ""},
		{ACCOUNT "user = a b\n", ERR_INVALID, "c.ini:3: user: `a b`: expected", ""},
		{ACCOUNT "user = @\n", ERR_INVALID, "c.ini:3: user: `@`: expected", ""},
		{"[account a]\nserver = @bob@h\nuser = al\n", ERR_INVALID,
		 "c.ini:1: `al`: ", "@bob@h"},
		{ACCOUNT "method = miaut\n", ERR_INVALID, "c.ini:3: method: `miaut`: ",
		 "expected auto, app or miauth; did you mean `miauth`?"},
		{ACCOUNT "method = App\n", ERR_INVALID, "c.ini:3: method: `App`: ", "mean `app`?"},
		{ACCOUNT "method =\n", ERR_INVALID, "c.ini:3: method: ", "auto, app or miauth"},
		{ACCOUNT "name =\n", ERR_LIMIT, "c.ini:3: name: ", "1 to 128"},
		{ACCOUNT "description =\n", ERR_LIMIT, "c.ini:3: description: ", "1 to 512"},
		{"[daemon]\n# \xff\n", ERR_SYNTAX, "c.ini:2: `# \\xff`: expected UTF-8", ""},
		{"[daemon]\rlisten = 1\n", ERR_SYNTAX, "c.ini:1: `[daemon]\\x0d", "control"},
		{ACCOUNT "name = \x1b[31m\n", ERR_SYNTAX, "c.ini:3: `name = \\x1b", "control"},
		{"[account \u202ex]\n", ERR_INVALID, "c.ini:1: `\\u{202e}x`: ", "expected"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].text, strlen(cases[i].text), cases[i].code, cases[i].start,
			       cases[i].said);
	assert_refused("[daemon]\nlis\0ten = 1\n", 21, ERR_SYNTAX, "c.ini:2: `lis`: ", "NUL");
	assert_refused("\0", 1, ERR_SYNTAX, "c.ini:1: ", "NUL");
}

/* A value of any length is complete. */
static void long_lines_are_whole(void **state)
{
	(void)state;
	for (int size = 170; size < 230; size++) {
		_cleanup_(config_freep) struct config *config = NULL;
		_cleanup_(buf_done) struct buf text = {0};
		_cleanup_(buf_done) struct buf value = {0};

		for (int i = 0; i < size; i++)
			buf_append_char(&value, (char)('a' + i % 26));
		buf_append_format(&text, ACCOUNT "description = %s  ; comment\nname = n # n\n",
				  buf_text(&value));
		config = parse(buf_text(&text));
		assert_string_equal(config->accounts[0].description, buf_text(&value));
		assert_string_equal(config->accounts[0].name, "a");
		assert_string_equal(config->accounts[0].app_name, "n # n");
	}
}

static void lengths_are_limited(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	char line[CONFIG_LINE_BYTES + 2];
	char *large;

	(void)state;
	memset(line, '#', sizeof(line));
	line[CONFIG_LINE_BYTES] = '\0';
	config = parse(line);
	line[CONFIG_LINE_BYTES] = '#';
	line[CONFIG_LINE_BYTES + 1] = '\0';
	assert_refused(line, strlen(line), ERR_LIMIT, "c.ini:1: ", "at most 4096 bytes");
	memset(line, 'k', sizeof(line) - 3);
	memcpy(line + sizeof(line) - 4, "=1", 3);
	assert_refused(line, strlen(line), ERR_SYNTAX, "c.ini:1: `kkk", "before the first key");

	buf_append_text(&text, ACCOUNT "description = ");
	for (int i = 0; i < 512; i++)
		buf_append_text(&text, "あ");
	config_free(config);
	config = parse(buf_text(&text));
	buf_append_text(&text, "x");
	assert_refused(buf_text(&text), text.size, ERR_LIMIT, "c.ini:3: description: ", "512");

	large = calloc(1, CONFIG_MAX_BYTES + 1);
	assert_non_null(large);
	memset(large, '\n', CONFIG_MAX_BYTES + 1);
	assert_refused(large, CONFIG_MAX_BYTES + 1, ERR_LIMIT, "c.ini: ", "8 MiB");
	free(large);
}

/* Also with names in descending order, and the repetition at the very end. */
static void many_accounts_take_no_time(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	clock_t start = clock();
	char name[32];

	(void)state;
	for (int i = 10000; i > 0; i--)
		buf_append_format(&text, "[account a%05d]\nserver = h%d.example\n", i, i % 7);
	config = parse(buf_text(&text));
	assert_int_equal(config->account_count, 10000);
	for (int i = 10000; i > 0; i--) {
		(void)snprintf(name, sizeof(name), "a%05d", i);
		assert_ptr_equal(config_account_find(config, name), &config->accounts[10000 - i]);
	}
	buf_append_text(&text, "[account a10000]\nserver = h\n");
	assert_refused(buf_text(&text), text.size, ERR_EXISTS, "c.ini:20001: ", "line 1");
	/* A second of processor time, with sanitizers: quadratic work would take a minute. */
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

static void example_is_valid(void **state)
{
	static const char file[] = SOURCE_DIR "/config.example.ini";
	_cleanup_(config_freep) struct config *shipped = NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(config_freep) struct config *defaults = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	struct err_detail detail = {0};
	char line[256];
	FILE *stream;

	(void)state;
	stream = fopen(file, "re");
	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream))
		buf_append_text(&text, line);
	(void)fclose(stream);
	shipped = parse(buf_text(&text));
	assert_int_equal(shipped->account_count, 0);

	/* `# key = value` and `# [section]`, but not prose, become active. */
	buf_done(&text);
	stream = fopen(file, "re");
	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream)) {
		size_t word = strspn(line + 2, "abcdefghijklmnopqrstuvwxyz_");
		bool commented =
			strncmp(line, "# ", 2) == 0 &&
			(line[2] == '[' || (word > 0 && strncmp(line + 2 + word, " = ", 3) == 0));

		buf_append_text(&text, commented ? line + 2 : line);
	}
	(void)fclose(stream);
	if (config_parse(buf_text(&text), text.size, "active", &config, &detail) != 0)
		fail_msg("%s", detail.text);
	/* The defaults that it shows are the defaults. */
	defaults = parse("[account alice]\nserver = misskey.example\nuser = alice\n");
	assert_int_equal(config->account_count, 1);
	assert_int_equal(config->port, defaults->port);
	assert_int_equal(config->session_time_s, defaults->session_time_s);
	assert_int_equal(config->poll_interval_s, defaults->poll_interval_s);
	assert_int_equal(config->poll_interval_max_s, defaults->poll_interval_max_s);
	assert_int_equal(config->request_time_s, defaults->request_time_s);
	assert_int_equal(config->log_level, defaults->log_level);
	assert_int_equal(config->hook_time_s, defaults->hook_time_s);
	assert_int_equal(config->notifications, defaults->notifications);
	assert_int_equal(config->browser, defaults->browser);
	assert_int_equal(config->confinement, defaults->confinement);
	for (size_t n = 0; n < CONFIG_HOOK_COUNT; n++)
		assert_non_null(config->hooks[n]);
	assert_non_null(config->ca_file);
	assert_string_equal(config->accounts[0].name, "alice");
	assert_string_equal(config->accounts[0].user, "alice");
	assert_string_equal(config->accounts[0].permission, defaults->accounts[0].permission);
	assert_string_equal(config->accounts[0].app_name, "misskey-authd: alice on laptop");
	assert_string_equal(config->accounts[0].description, defaults->accounts[0].description);
}

static const struct trust no_home = {.home = ""};

static void files_are_read_if_safe(void **state)
{
	char directory[] = "/tmp/test-config-XXXXXX";
	char file[64];
	struct config *config = NULL;
	struct err_detail detail = {0};
	FILE *stream;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(file, sizeof(file), "%s/c.ini", directory);
	assert_int_equal(config_read(&no_home, file, &config, &detail), ERR_NOT_FOUND);
	assert_non_null(strstr(detail.text, file));

	stream = fopen(file, "we");
	assert_non_null(stream);
	(void)fputs(ACCOUNT, stream);
	assert_int_equal(fclose(stream), 0);
	for (unsigned mode = 0400; mode <= 0777; mode++) {
		bool safe = (mode & 02) == 0;

		/* test_trust.c checks who else has the group. */
		if (mode & 020)
			continue;
		assert_int_equal(chmod(file, mode), 0);
		if (config_read(&no_home, file, &config, &detail) != (safe ? 0 : ERR_UNSAFE))
			fail_msg("mode %04o", mode);
		if (safe) {
			assert_int_equal(config->account_count, 1);
			assert_string_equal(config->file, file);
			config_free(TAKE_PTR(config));
		} else {
			assert_non_null(strstr(detail.text, "chmod go-w '/tmp/test-config-"));
		}
	}

	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(truncate(file, CONFIG_MAX_BYTES + 1), 0);
	assert_int_equal(config_read(&no_home, file, &config, &detail), ERR_LIMIT);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(config_read(&no_home, file, &config, &detail), ERR_UNSAFE);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(config_read(&no_home, directory, &config, &detail), ERR_UNSAFE);
	assert_null(config);
	assert_int_equal(rmdir(directory), 0);
}

static void write_config(const char *file, const char *text)
{
	FILE *stream = fopen(file, "we");

	assert_non_null(stream);
	(void)fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(chmod(file, 0600), 0);
}

static unsigned port_of(const struct config_source *source)
{
	struct config *config = NULL;
	unsigned port;

	assert_int_equal(config_read_source(source, &config, NULL), 0);
	port = config->port;
	config_free(config);
	return port;
}

static void the_first_file_that_is_there_counts(void **state)
{
	char directory[] = "/tmp/test-config-XXXXXX";
	char user[64], system[64], named[64];
	struct config_source source = {NULL, user, system, no_home};
	struct config *config = NULL;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(user, sizeof(user), "%s/user.ini", directory);
	(void)snprintf(system, sizeof(system), "%s/system.ini", directory);
	(void)snprintf(named, sizeof(named), "%s/named.ini", directory);
	assert_int_equal(port_of(&source), CONFIG_DEFAULT_PORT);
	write_config(system, "[daemon]\nlisten = 1\n");
	assert_int_equal(port_of(&source), 1);
	write_config(user, "[daemon]\nlisten = 2\n");
	assert_int_equal(port_of(&source), 2);
	source.named = named;
	assert_int_equal(config_read_source(&source, &config, NULL), ERR_NOT_FOUND);
	write_config(named, "[daemon]\nlisten = 3\n");
	assert_int_equal(port_of(&source), 3);
	/* A bad one is not passed over. */
	source.named = NULL;
	write_config(user, "[daemon]\nlisten = x\n");
	assert_true(config_read_source(&source, &config, NULL) < 0);
	assert_null(config);
	assert_int_equal(unlink(user) + unlink(system) + unlink(named) + rmdir(directory), 0);
}

/* Not taken for none: the other file, or the defaults, would say something else. */
static void a_file_that_cannot_be_reached_counts(void **state)
{
	char directory[] = "/tmp/test-config-XXXXXX";
	char user[64], system[64];
	struct config_source source = {NULL, user, system, no_home};
	struct config *config = NULL;
	struct err_detail detail = {0};

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(user, sizeof(user), "%s/user.ini", directory);
	(void)snprintf(system, sizeof(system), "%s/system.ini", directory);
	assert_int_equal(symlink("nowhere", system), 0);
	assert_int_equal(config_read_source(&source, &config, &detail), ERR_IO);
	assert_non_null(strstr(detail.text, "/nowhere, which is not there"));
	assert_int_equal(unlink(system), 0);
	write_config(system, "[daemon]\nlisten = 1\n");
	assert_int_equal(symlink("nowhere", user), 0);
	assert_int_equal(config_read_source(&source, &config, &detail), ERR_IO);
	assert_int_equal(unlink(user), 0);
	assert_int_equal(port_of(&source), 1);
	assert_int_equal(unlink(system) + rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_means_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(poll_intervals_fit),
		cmocka_unit_test(an_account_has_defaults),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(long_lines_are_whole),
		cmocka_unit_test(lengths_are_limited),
		cmocka_unit_test(many_accounts_take_no_time),
		cmocka_unit_test(example_is_valid),
		cmocka_unit_test(files_are_read_if_safe),
		cmocka_unit_test(the_first_file_that_is_there_counts),
		cmocka_unit_test(a_file_that_cannot_be_reached_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
