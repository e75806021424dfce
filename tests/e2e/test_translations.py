# SPDX-License-Identifier: MIT
"""What people read is in their language, with the same commands in it; what programs read is the same in every one."""

import json
import re
import shutil
import subprocess

import pytest

import misskey_server as misskey
from harness import BIN, ROOT, authorize, consent, start_login

LANGUAGES = (ROOT / "po/LINGUAS").read_text(encoding="utf-8").split()
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
# What a person types, or finds so in a file: it is the same in every language.
FIXED = re.compile(r"""
    (?<!\w)--?[a-z][a-z-]+ | misskey-[a-z]+(?:[.-][a-z]+)* | [a-z]+ctl | [a-z]{2,}[._/][a-z._/-]*[a-z] |
    [A-Z]{3,}[A-Z_]* | \[[a-z]+ | https?:// | 127\.0\.0\.1
""", re.X)

needs_gettext = pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")


# ---- The catalogues ----

def check(root=ROOT):
    return subprocess.run([root / "scripts/translations", "--check"], text=True, capture_output=True, timeout=60,
                          check=False)


def messages(language):
    """The pairs of a catalogue: the original, and its translation."""
    text = subprocess.run(["msgcat", "--no-wrap", ROOT / f"po/{language}.po"], text=True, capture_output=True,
                          timeout=60, check=True).stdout
    for entry in text.split("\n\n")[1:]:
        parts, key = {}, None
        for line in entry.splitlines():
            found = re.match(r'(?:(msg\w+(?:\[\d\])?) )?"(.*)"$', line)
            if found:
                key = found.group(1) or key
                parts[key] = parts.get(key, "") + found.group(2)
        original = parts["msgid"]
        for key, translation in parts.items():
            if key.startswith("msgstr"):
                yield original, translation


@needs_gettext
def test_every_message_is_translated_and_none_is_stale():
    done = check()
    assert done.returncode == 0, done.stderr


@needs_gettext
@pytest.mark.parametrize("file, old, new, complaint", [
    ("cli/token.c", "Which account?", "Which of them?", "misskey-authd.pot is out of date"),
    ("po/ja.po", 'msgid "Nothing is wrong."', 'msgid "Nothing was wrong."', "ja.po is out of date"),
    ("po/ja.po", "%s はありません。もしかして: %s", "%s はありません。", "format specifications"),
    ("po/ja.po", "%s はありません。もしかして: %s", "%s はありません。もしかして: %d", "format specifications"),
    ("po/ja.po", 'msgid "Nothing is wrong."', '#, fuzzy\nmsgid "Nothing is wrong."', "1 fuzzy translation"),
    ("po/ja.po", 'msgstr "問題はありません。"', 'msgstr ""', "1 untranslated message"),
], ids=["changed message", "stale", "placeholder missing", "placeholder of another type", "fuzzy", "not translated"])
def test_the_check_fails(tmp_path, file, old, new, complaint):
    for directory in ("cli", "client", "common", "daemon", "po", "scripts"):
        shutil.copytree(ROOT / directory, tmp_path / directory)
    assert check(tmp_path).returncode == 0
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode != 0
    assert complaint in done.stderr, done.stderr


@needs_gettext
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_typed_is_not_translated(language):
    pairs = list(messages(language))
    assert pairs
    for original, translation in pairs:
        assert not [word for word in FIXED.findall(original) if word not in translation], (original, translation)


# ---- The programs ----

@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """Where ja_JP in UTF-8 and in EUC-JP are, whatever the machine has."""
    directory = tmp_path_factory.mktemp("locales")
    for name, charset in (("ja_JP.UTF-8", "UTF-8"), ("ja_JP.EUC-JP", "EUC-JP")):
        made = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", "ja_JP", "-f", charset, directory / name], capture_output=True, timeout=60, check=False)
        if not made or made.returncode > 1:  # 1: there were warnings
            pytest.skip("no Japanese locale can be made: the package locales is not installed")
    return str(directory)


@pytest.fixture
def japanese(locales):
    # With LOCPATH, glibc's newlocale() leaks.
    return {"LC_ALL": "ja_JP.UTF-8", "LOCPATH": locales, "ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}


def both(daemon, japanese, *command):
    """The same in English and in Japanese."""
    english = daemon.run(*command)
    translated = daemon.run(*command, **japanese)
    assert not JAPANESE.search(english.stdout + english.stderr)
    assert translated.returncode == english.returncode
    return english, translated


@pytest.mark.parametrize("command, said", [
    (("misskey-token", "nobody"), "アカウント nobody はありません。"),
    (("misskey-token", "--jsn"), "もしかして: --json"),
    (("misskey-authctl", "logn"), "もしかして: login"),
    (("misskey-authctl", "login", "https://misskey.example/path"), "ホストのあとには何も書けません"),
    (("misskey-authctl", "--socket", "/nowhere", "list"), "/nowhere"),
    (("misskey-authd", "--check-config", "--config", "/dev/null"), "安全に使えません"),
    (("misskey-authd", "--idle-exit", "never"), "のように指定してください"),
], ids=["account", "option", "command", "server", "daemon", "config", "time"])
def test_messages_are_in_the_persons_language(daemon, japanese, command, said):
    english, translated = both(daemon, japanese, *command)
    assert english.returncode != 0
    assert said in translated.stderr
    assert JAPANESE.search(translated.stderr)
    assert translated.stdout == english.stdout == ""


@pytest.mark.parametrize("program", ["misskey-authctl", "misskey-authd", "misskey-token"])
def test_help_has_the_same_options_in_every_language(daemon, japanese, program):
    english, translated = both(daemon, japanese, program, "--help")
    assert JAPANESE.search(translated.stdout)
    assert re.findall(r"^  (\S+)", translated.stdout, re.M) == re.findall(r"^  (\S+)", english.stdout, re.M)


@pytest.mark.parametrize("command", [
    ("misskey-token", "me"), ("misskey-token", "me", "--json"), ("misskey-token", "me", "--env"),
    ("misskey-token", "--list"), ("misskey-token", "me", "--format", "{token|sh} {permission|json}"),
    ("misskey-authctl", "list", "--json"), ("misskey-authctl", "list"), ("misskey-authctl", "status", "--json"),
    ("misskey-authctl", "doctor", "--json"), ("misskey-token", "--version"),
], ids=" ".join)
def test_what_programs_read_is_the_same(daemon, server_2025, japanese, command):
    authorize(daemon, server_2025)
    english, translated = both(daemon, japanese, *command)
    assert translated.stdout == english.stdout != ""
    assert daemon.run(*command, LANGUAGE="ja").stdout == english.stdout
    if "--json" in command:
        json.loads(translated.stdout)


def test_findings_for_programs_stay_english_after_a_message(daemon, japanese):
    """The missing socket is a message that doctor does not show: by then the language is known."""
    found = [daemon.authctl("doctor", "--json", XDG_RUNTIME_DIR="", **env).stdout for env in ({}, japanese)]
    assert found[0] == found[1] != ""


def test_the_findings_of_doctor_are_for_people(daemon, japanese):
    english, translated = both(daemon, japanese, "misskey-authctl", "doctor")
    columns = [line[:17] for line in english.stdout.splitlines()]
    assert [line[:17] for line in translated.stdout.splitlines()] == columns
    assert JAPANESE.search(translated.stdout) and JAPANESE.search(translated.stderr)


@pytest.mark.parametrize("env, spoken", [
    ({"LC_ALL": "ja_JP.UTF-8"}, True), ({"LC_MESSAGES": "ja_JP.UTF-8", "LC_CTYPE": "ja_JP.UTF-8"}, True),
    ({"LANG": "ja_JP.UTF-8"}, True), ({"LC_ALL": "ja_JP.UTF-8", "LANGUAGE": "xx:ja"}, True),
    ({"LC_ALL": "ja_JP.UTF-8", "LANGUAGE": "en"}, False), ({"LC_ALL": "C", "LANGUAGE": "ja"}, False),
    ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "C"}, False), ({"LC_ALL": "ja_JP.EUC-JP"}, False),
    ({"LC_ALL": "de_DE.UTF-8"}, False),
], ids=str)
def test_which_language_it_is(daemon, locales, env, spoken):
    done = daemon.run("misskey-token", "nobody", **{"LOCPATH": locales, **env})
    assert bool(JAPANESE.search(done.stderr)) == spoken, done.stderr
    assert done.stderr.isascii() or spoken


def test_the_reason_of_the_system_is_in_the_same_language(daemon, server_2025, japanese):
    """Though strerror() may be called before the rest of the message is looked for."""
    authorize(daemon, server_2025)
    system = subprocess.run(["cat", "/nowhere"], env={**daemon.env, **japanese}, text=True, capture_output=True,
                            timeout=60, check=False).stderr
    done = daemon.run("misskey-token", "me", "--exec", "/nowhere", **japanese)
    assert done.returncode == 127
    assert done.stderr == f"misskey-token: /nowhere を起動できません: {system.rsplit(': ')[-1].strip()}。\n"


def test_a_login(daemon, server_2025, japanese):
    """The page's address comes before the consent, and the account's name is all that a script gets."""
    process, said, login = start_login(daemon, server_2025.origin, "--as", "me", **japanese)
    consent(daemon, server_2025, login)
    output, more = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "me\n"), said + more
    assert "ブラウザーを開きました。" in said
    assert f"{server_2025.origin} に @alice としてログインしました（アカウント me）。" in more
    assert "misskey-token me" in more
    assert all(JAPANESE.search(line) for line in (said + more).splitlines())


def test_what_the_daemon_says_is_in_the_persons_language(daemon, japanese):
    _, translated = both(daemon, japanese, "misskey-authctl", "logout", "nobody")
    assert translated.stderr == "misskey-authctl: アカウント nobody はありません。一覧の表示: misskey-authctl list\n"


def english_words(text):
    """Words of English, not of commands, addresses and codes."""
    return re.findall(r"(?<![\w@:/.-])[a-z]{2,}(?: [a-z]{2,})+", re.sub(r"misskey-auth\w+( [\w@:/.-]+)*|app/create", "", text))


def test_a_login_that_fails_is_told_whole_and_once(daemon, server_2025, japanese):
    """A failure, the problem that it comes from, and the next step: three sentences that the daemon puts together."""
    origin = server_2025.origin
    server_2025.misbehave("app/create", misskey.Html(403))
    said = daemon.authctl("login", origin, "--as", "me", **japanese).stderr.splitlines()
    assert said[-1] == (f"misskey-authctl: {origin} での me のログインに失敗しました。サーバーは app/create に HTTP 403 "
                        "とウェブページで応答しました。手前にあるファイアウォールがブラウザーだけを通しています。プログラムに /api/ の"
                        "呼び出しを許可できるのは、サーバーの管理者だけです。")
    server_2025.misbehave("app/create", misskey.Status(
        400, '{"error":{"code":"INVALID_PARAM"}}', "application/json"))
    said = daemon.authctl("login", origin, "--as", "me", **japanese).stderr.splitlines()
    assert said[-1].endswith("サーバーは app/create に INVALID_PARAM（HTTP 400）と応答しました。")


def test_a_wrong_user_is_told_whole_and_once(daemon, server_2025, japanese):
    authorize(daemon, server_2025)
    process, _, login = start_login(daemon, "me", **japanese)
    consent(daemon, server_2025, login, "bob")
    more = process.communicate(timeout=60)[1]
    assert process.returncode == 7
    assert more.splitlines()[-1] == (
        "misskey-authctl: ブラウザーは @bob としてログインしていますが、me には @alice が必要です。何も変更されていません。"
        f"先に {server_2025.origin} でログアウトするか、プライベートウィンドウを使ってください。そのためのアドレスを表示するには: "
        "misskey-authctl login me --no-browser")
    assert not english_words(more)
    refused = daemon.authctl("login", "me", "--user", "bob", **japanese)
    assert refused.returncode == 7 and not english_words(refused.stderr)
    assert "misskey-authctl login me --user bob --replace" in refused.stderr


def test_what_the_daemon_says_in_other_words_comes_after_a_sentence_for_its_code(daemon, japanese):
    daemon.configure("[daemon]\nlistne = 1")
    english, translated = both(daemon, japanese, "misskey-authctl", "reload")
    reported = english.stderr.removeprefix("misskey-authctl: ")
    assert translated.stderr == f"misskey-authctl: 設定に誤りがあります。 報告された内容（英語）: {reported}"


def literals(text):
    """The strings of a C source; neighbours are one."""
    joined = re.sub(r'"\s*"', "", re.sub(r"/\*.*?\*/|PRI\w+", "", text, flags=re.S))
    return re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)


def test_each_sentence_is_one_of_the_daemons():
    """Its parts between the names are in the daemon's sources, so that a changed sentence is not forgotten here."""
    sources = "\n".join(" ".join(literals(file.read_text(encoding="utf-8"))) for file in (ROOT / "daemon").rglob("*.c"))
    patterns = [text for text in literals((ROOT / "cli/terminal/daemon_sentences.c").read_text(encoding="utf-8")) if " " in text]
    assert len(patterns) > 50
    parts = {part.strip(" ,;:.") for pattern in patterns for part in re.split(r"%s|\)?: |\(a name|, not ", pattern)}
    missing = {part for part in parts if part and part not in sources}
    # Put together of three parts each.
    assert {part for part in missing if not re.fullmatch(
        r"has the (server|user|permissions)|The account|in the config|(change its section there, or )?use another name with --as", part)} \
        == set()


def test_every_code_of_the_daemon_has_a_sentence():
    def codes(file, pattern):
        return set(re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.M))

    documented = codes("docs/control-api.md", r"^\| (?:\d+ \| )?`([A-Z_]+)`") | codes("common/vocabulary.c", r'= "([A-Z_]+)"')
    known = codes("cli/terminal/daemon_text.c", r"(?:\{CODE|\[OUTCOME)_([A-Z_]+)[],]")
    # The last is of a session that another has replaced: only its pages say it.
    assert documented - known == {"AUTHORIZED", "UNVERIFIED", "METHOD_NOT_ALLOWED", "OPENED_TWICE"}


def test_a_program_without_catalogues_speaks_english(daemon, japanese, tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(BIN / "misskey-token", tmp_path / "bin")
    done = subprocess.run([tmp_path / "bin/misskey-token", "nobody"], env={**daemon.env, **japanese}, text=True,
                          capture_output=True, timeout=60, check=False)
    assert "There is no account nobody." in done.stderr


def test_who_says_nothing_looks_for_no_language(daemon, server_2025, japanese):
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode != 0:
        pytest.skip("no working strace here")
    authorize(daemon, server_2025)

    def calls(account, **env):
        log = daemon.directory / "trace"
        subprocess.run(["strace", "-o", log, BIN / "misskey-token", account], capture_output=True, timeout=60,
                       check=False, env={**daemon.env, "ASAN_OPTIONS": "detect_leaks=0", **env})
        return re.findall(r"^(\w+)\((?:AT_FDCWD, )?(\"[^\"]*\")?", log.read_text(errors="replace"), re.M)

    assert calls("me", **japanese) == calls("me", LC_ALL="C")
    assert any("ja_JP" in path for _, path in calls("nobody", **japanese))
