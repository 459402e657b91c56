/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/local_message.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "key_withdraw.h"
#include "ledger_print.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave key: what an application does, by hand [W6 W7]. */

static const struct {
    const char *name;
    enum qw_local_request_kind kind;
} actions[] = {
    { "status", QW_LOCAL_STATUS }, { "get", QW_LOCAL_KEY },       { "fresh", QW_LOCAL_FRESH },
    { "refill", QW_LOCAL_REFILL }, { "ledger", QW_LOCAL_LEDGER },
};
enum { ACTIONS = sizeof actions / sizeof actions[0], TIMEOUT_MS = 180000 };

/* What is said to the centre, and not to the terminal: keys by their ids. */
static const char *const withdrawals[] = { "void", "compromised" };
enum { WITHDRAWALS = sizeof withdrawals / sizeof withdrawals[0] };

struct arguments {
    const char *socket;
    const char *output;
    const char *identity, *url;
    int action;             /* index, -1: none */
    const char *withdrawal; /* NULL: none */
    const char *ids[KEY_WITHDRAW_IDS_MAX];
    size_t id_count;
    bool as_json;
};

static const struct argp_option options[] = {
    { "socket", 's', "PATH", 0, "the terminal's socket (default: terminal.sock)", 0 },
    { "output", 'o', "FILE", 0,
      "write the 32 bytes of the key there (mode 0600) instead of showing them", 0 },
    { "operator", 'p', "FILE", 0,
      "of void and compromised: a file as operator.yaml with the application's certificate "
      "(default: operator.yaml)",
      0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

/* An action, or an id after one that takes ids. */
static void take_word(struct arguments *arguments, const char *value, struct argp_state *state)
{
    if (arguments->withdrawal != NULL) {
        if (arguments->id_count == KEY_WITHDRAW_IDS_MAX) {
            argp_error(state, "at most %d keys at once", KEY_WITHDRAW_IDS_MAX);
        }
        arguments->ids[arguments->id_count++] = value;
        return;
    }
    for (int i = 0; i < ACTIONS && arguments->action < 0; i++) {
        if (strcmp(value, actions[i].name) == 0) {
            arguments->action = i;
            return;
        }
    }
    for (int i = 0; i < WITHDRAWALS && arguments->action < 0; i++) {
        if (strcmp(value, withdrawals[i]) == 0) {
            arguments->withdrawal = withdrawals[i];
            return;
        }
    }
    argp_error(state,
               "unknown action '%s': status, get, fresh, refill, ledger, void or compromised",
               value);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 's':
        arguments->socket = value;
        return 0;
    case 'o':
        arguments->output = value;
        return 0;
    case 'p':
        arguments->identity = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        take_word(arguments, value, state);
        return 0;
    case ARGP_KEY_END:
        if (arguments->action < 0 && arguments->withdrawal == NULL) {
            argp_error(state, "say what to do: status, get, fresh, refill, ledger, void or "
                              "compromised");
        }
        if (arguments->withdrawal != NULL && arguments->id_count == 0) {
            argp_error(state, "say which keys: their ids");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_status(const struct qw_local_status *s, bool as_json)
{
    if (as_json) {
        printf("{\"terminal\":\"%s\",\"remaining_keys\":%u,\"low_water_keys\":%u,\"high_water_"
               "keys\":%u,"
               "\"used_keys\":%llu,\"keys_per_day\":%.3f,\"lasts_s\":%.0f,\"pool_up_bits\":%llu,"
               "\"pool_down_bits\":%llu,\"refills\":%llu,\"refusals\":%llu,\"refilling\":%s,\"last_"
               "refusal\":\"%s\"}\n",
               s->terminal_id, s->remaining_keys, s->low_water_keys, s->high_water_keys,
               (unsigned long long)s->used_keys, s->keys_per_day, s->lasts_s,
               (unsigned long long)s->pool_bits_up, (unsigned long long)s->pool_bits_down,
               (unsigned long long)s->refills, (unsigned long long)s->refusals,
               s->is_refilling ? "true" : "false",
               qw_plkg_refusal_name((enum qw_plkg_refusal)s->last_refusal));
        return;
    }
    printf("%s: %u keys left (refills below %u, up to %u), %llu used so far\n", s->terminal_id,
           s->remaining_keys, s->low_water_keys, s->high_water_keys,
           (unsigned long long)s->used_keys);
    if (s->lasts_s >= 0) {
        printf("lasts %.1f h at today's rate of %.1f keys a day\n", s->lasts_s / 3600,
               s->keys_per_day);
    }
    printf("authentication pool: %llu bits up, %llu bits down; %llu refills and %llu refusals "
           "since start%s\n",
           (unsigned long long)s->pool_bits_up, (unsigned long long)s->pool_bits_down,
           (unsigned long long)s->refills, (unsigned long long)s->refusals,
           s->is_refilling ? "; refilling now" : "");
    if (s->last_refusal != QW_PLKG_NONE) {
        printf("last refusal: %s\n", qw_plkg_refusal_text((enum qw_plkg_refusal)s->last_refusal));
    }
}

static int show_key(const struct qw_local_answer *answer, const struct arguments *arguments)
{
    char id[QW_UUID_TEXT_CAP];
    char key[2 * 32 + 1] = "";

    qw_uuid_encode(answer->key_id, id);
    if (arguments->output != NULL) {
        qw_err err = qw_file_create(arguments->output, answer->key, sizeof answer->key);

        if (err != QW_OK) {
            fprintf(stderr, "qwave key: %s: %s; the key %s is lost\n", arguments->output,
                    qw_err_text(err), id);
            return EXIT_FAILED;
        }
    } else {
        qw_hex_encode(answer->key, sizeof answer->key, key);
    }
    if (arguments->as_json) {
        printf("{\"key_ID\":\"%s\",\"key_bits\":256%s%s%s}\n", id,
               key[0] != '\0' ? ",\"key_hex\":\"" : "", key, key[0] != '\0' ? "\"" : "");
    } else {
        printf("%s %s\n", id, key);
    }
    fflush(stdout);
    qw_wipe(key, sizeof key);
    return EXIT_DONE;
}

static int show_ledger(const struct qw_local_answer *answer, bool as_json)
{
    struct qw_plkg_ledger ledger;

    if (qw_plkg_ledger_decode(answer->ledger, answer->ledger_len, &ledger) != QW_OK) {
        fprintf(stderr, "qwave key: the terminal's ledger cannot be read\n");
        return EXIT_FAILED;
    }
    if (as_json) {
        ledger_print_json(stdout, &ledger);
        printf("\n");
    } else {
        ledger_print(stdout, &ledger);
    }
    return EXIT_DONE;
}

static int show(const struct qw_local_answer *answer, const struct arguments *arguments)
{
    switch (actions[arguments->action].kind) {
    case QW_LOCAL_STATUS:
        print_status(&answer->status, arguments->as_json);
        return EXIT_DONE;
    case QW_LOCAL_KEY:
    case QW_LOCAL_FRESH:
        return show_key(answer, arguments);
    case QW_LOCAL_LEDGER:
        return show_ledger(answer, arguments->as_json);
    case QW_LOCAL_REFILL:
        printf(arguments->as_json ? "{\"refilled\":true}\n" : "refilled\n");
        return EXIT_DONE;
    case QW_LOCAL_AUTHENTICATE: /* of qwave auth */
        break;
    }
    return EXIT_FAILED;
}

int cmd_key(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "status|get|fresh|refill|ledger\nvoid|compromised ID...",
        "Asks the terminal on this machine: what is left (status), the next key (get), a "
        "key made now for one use (fresh), refill now, or the account of the last radio "
        "session (ledger). Or tells the centre, as an application, that keys are not wanted (void) "
        "or that others may know them (compromised).",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .socket = "terminal.sock",
                                   .identity = "operator.yaml",
                                   .action = -1 };
    struct qw_local_answer *answer;
    qw_err err;
    int status;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.withdrawal != NULL) {
        return key_withdraw(arguments.identity, arguments.url, arguments.withdrawal, arguments.ids,
                            arguments.id_count, arguments.as_json);
    }
    answer = qw_secret_new(sizeof *answer);
    if (answer == NULL) {
        fprintf(stderr, "qwave key: %s\n", qw_err_text(QW_ERR_NOMEM));
        return EXIT_FAILED;
    }
    err = qw_local_ask(arguments.socket, actions[arguments.action].kind, TIMEOUT_MS, answer);
    if (err == QW_OK) {
        err = (qw_err)answer->result;
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave key: %s: %s\n", arguments.socket, qw_err_text(err));
        status = err == QW_ERR_REFUSED || err == QW_ERR_EXHAUSTED ? EXIT_REFUSED : EXIT_FAILED;
    } else {
        status = show(answer, &arguments);
    }
    qw_secret_free(answer);
    return status;
}
