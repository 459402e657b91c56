/* SPDX-License-Identifier: Apache-2.0 */
/* qwave custody move: the same key of a centre's store, kept by somebody else [C6 W14]. Works on
 * the database itself, beside no running centre unless that is PostgreSQL. */
#define _GNU_SOURCE
#include "command.h"

#include "base/secret.h"
#include "centre/custody/custody_move.h"
#include "child.h"
#include "json_print.h"
#include "qwaved/custody_choice.h"
#include "qwaved/settings.h"
#include "recovery.h"
#include "store/store_open.h"
#include "store/store_postgres.h"

#include <argp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    const char *from, *to;
    const char *recovery;     /* NULL: the measurements are as they were */
    const char *new_recovery; /* NULL: not needed */
    const char *qwaved;       /* sealed to; NULL: the one beside this program */
    bool as_json;
};

/* What is open while the key moves. */
struct move {
    struct settings from_settings, to_settings;
    char measured_from[PATH_MAX], measured_to[PATH_MAX];
    uint8_t *recovery, *new_recovery;
    struct qw_custody from, to;
    struct qw_key_source source; /* a centre wants one; nothing is taken */
    struct qw_store store;
    struct qw_high_mark *mark;
    struct qw_centre *centre;
    char error[QW_CONFIG_ERROR_CAP];
};

enum { OPTION_FROM = 256, OPTION_TO, OPTION_RECOVERY, OPTION_NEW_RECOVERY, OPTION_QWAVED };

static const struct argp_option options[] = {
    { "from", OPTION_FROM, "FILE", 0, "settings of qwaved as the key is kept now", 0 },
    { "to", OPTION_TO, "FILE", 0,
      "settings as it will be kept; may be the same file, once it has changed", 0 },
    { "recovery", OPTION_RECOVERY, "FILE", 0,
      "with the recovery secret, when the TPM refuses the measurements of now", 0 },
    { "new-recovery", OPTION_NEW_RECOVERY, "FILE", 0,
      "to make, with the next recovery secret; needed when the TPM will keep the key", 0 },
    { "qwaved", OPTION_QWAVED, "FILE", 0,
      "program that the TPM will unlock the key for (default: the one beside this program)", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_FROM:
        arguments->from = value;
        return 0;
    case OPTION_TO:
        arguments->to = value;
        return 0;
    case OPTION_RECOVERY:
        arguments->recovery = value;
        return 0;
    case OPTION_NEW_RECOVERY:
        arguments->new_recovery = value;
        return 0;
    case OPTION_QWAVED:
        arguments->qwaved = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strcmp(value, "move") != 0) {
            argp_error(state, "the one action is move, not '%s'", value);
        }
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num != 1 || arguments->from == NULL || arguments->to == NULL) {
            argp_error(state, "move --from FILE --to FILE");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err explain(struct move *move, qw_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keeps the first sentence. */
static qw_err explain(struct move *move, qw_err err, const char *format, ...)
{
    va_list arguments;

    if (err != QW_OK && move->error[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(move->error, sizeof move->error, format, arguments);
        va_end(arguments);
    }
    return err;
}

static qw_err read_settings(const struct arguments *arguments, struct move *move)
{
    qw_err err = settings_read(arguments->from, &move->from_settings, move->error);

    if (err == QW_OK) {
        err = settings_read(arguments->to, &move->to_settings, move->error);
    }
    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? err : QW_ERR_ARG;
    }
    if (err == QW_OK && (strcmp(move->from_settings.database, move->to_settings.database) != 0 ||
                         strcmp(move->from_settings.centre_id, move->to_settings.centre_id) != 0)) {
        return explain(move, QW_ERR_ARG, "%s and %s are about different centres", arguments->from,
                       arguments->to);
    }
    if (err == QW_OK &&
        (move->to_settings.custody == CUSTODY_TPM2) != (arguments->new_recovery != NULL)) {
        return explain(move, QW_ERR_ARG, "--new-recovery goes with a key that a TPM will keep");
    }
    if (err == QW_OK && arguments->recovery != NULL &&
        move->from_settings.custody != CUSTODY_TPM2) {
        return explain(move, QW_ERR_ARG, "--recovery goes with a key that a TPM keeps");
    }
    return err;
}

static qw_err open_from(const struct arguments *arguments, struct move *move)
{
    struct custody_surroundings around = { .settings_path = arguments->from,
                                           .binary = move->measured_from };
    qw_err err = child_program_find("qwaved", move->measured_from, sizeof move->measured_from);

    if (err == QW_OK && arguments->recovery != NULL) {
        err = recovery_read(arguments->recovery, &move->recovery);
        around.recovery = move->recovery;
        err = explain(move, err, "%s: %s", arguments->recovery, qw_err_text(err));
    }
    return err == QW_OK
               ? custody_choice_open(&move->from_settings, &around, &move->from, move->error)
               : explain(move, err, "qwaved: %s", qw_err_text(err));
}

static qw_err open_to(const struct arguments *arguments, struct move *move)
{
    struct custody_surroundings around = { .settings_path = arguments->to,
                                           .binary = move->measured_to };
    qw_err err = QW_OK;

    if (arguments->qwaved != NULL) {
        snprintf(move->measured_to, sizeof move->measured_to, "%s", arguments->qwaved);
    } else {
        memcpy(move->measured_to, move->measured_from, sizeof move->measured_to);
    }
    if (arguments->new_recovery != NULL) {
        err = recovery_create(arguments->new_recovery, &move->new_recovery);
        around.recovery = move->new_recovery;
        err = explain(move, err, "%s: %s", arguments->new_recovery, qw_err_text(err));
    }
    return err == QW_OK ? custody_choice_open(&move->to_settings, &around, &move->to, move->error)
                        : err;
}

static qw_err open_centre(struct move *move)
{
    struct qw_centre_config config = { .store = &move->store,
                                       .custody = &move->from,
                                       .source = &move->source,
                                       .journal_signature =
                                           settings_signature(&move->from_settings) };
    const struct settings *settings = &move->from_settings;
    qw_err err = qw_key_source_kernel(&move->source);

    snprintf(config.centre_id, sizeof config.centre_id, "%s", settings->centre_id);
    if (err == QW_OK) {
        err = qw_store_open(settings->database, NULL, &move->store);
        err = explain(move, err, "database: %s",
                      err == QW_ERR_CONFLICT ? "another process has it open: stop the centre first"
                      : qw_store_postgres_is_uri(settings->database) ? qw_store_postgres_why(err)
                                                                     : qw_err_text(err));
    }
    if (err == QW_OK && settings->high_mark[0] != '\0') {
        err = qw_high_mark_open(settings->high_mark, &move->mark);
        config.mark = move->mark;
        err = explain(move, err, "high_mark: %s", qw_err_text(err));
    }
    if (err == QW_OK) {
        err = qw_centre_new(&config, &move->centre);
        if (qw_custody_why(&move->from)[0] != '\0') {
            err = explain(move, err, "%s", qw_custody_why(&move->from));
        }
        err = explain(move, err, "the centre's books: %s", qw_err_text(err));
    }
    return err;
}

static qw_err run(const struct arguments *arguments, struct move *move)
{
    const struct qw_caller caller = { .role = QW_ROLE_OPERATOR, .id = "local" };
    qw_err err = read_settings(arguments, move);

    if (err == QW_OK) {
        err = open_from(arguments, move);
    }
    if (err == QW_OK) {
        err = open_centre(move);
    }
    if (err == QW_OK) {
        err = open_to(arguments, move);
    }
    if (err == QW_OK) {
        err = qw_centre_custody_move(move->centre, &caller, &move->to);
        if (qw_custody_why(&move->to)[0] != '\0') {
            err = explain(move, err, "%s", qw_custody_why(&move->to));
        }
        err = explain(move, err, "%s", qw_err_text(err));
    }
    return err;
}

static void close_all(struct move *move)
{
    qw_centre_free(move->centre);
    qw_high_mark_close(move->mark);
    qw_store_close(&move->store);
    qw_key_source_close(&move->source);
    qw_custody_close(&move->from);
    qw_custody_close(&move->to);
    qw_secret_free(move->recovery);
    qw_secret_free(move->new_recovery);
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const char *const *names = self;

    qw_json_name(w, "from");
    qw_json_text(w, names[0]);
    qw_json_name(w, "to");
    qw_json_text(w, names[1]);
}

int cmd_custody(int argc, char **argv)
{
    static const struct argp argp = { options,
                                      parse,
                                      "move",
                                      "Lets another custody keep the key that unlocks a centre's "
                                      "store, or the same TPM keep it for "
                                      "changed settings or a new qwaved. Both files are settings "
                                      "of qwaved for the same database.",
                                      NULL,
                                      NULL,
                                      NULL };
    struct arguments arguments = { .from = NULL };
    struct move move = { .error = "" };
    const char *names[2];
    int status;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = run(&arguments, &move);
    names[0] = move.from.name;
    names[1] = move.to.name;
    status = qw_exit_of_command(err);
    if (err != QW_OK) {
        fprintf(stderr, "qwave custody: %s\n", move.error);
    } else if (arguments.as_json) {
        status = json_print(256, write_json, names);
    } else {
        printf("moved from %s to %s\n", names[0], names[1]);
    }
    close_all(&move);
    return status;
}
