/* SPDX-License-Identifier: Apache-2.0 */
/* qwave backup and qwave restore: a centre's store as one sealed file, and out of it again
 * [C7] [docs/protocol/backup.md]. A backup is made beside the running centre. */
#define _GNU_SOURCE
#include "command.h"

#include "backup/backup.h"
#include "json_print.h"
#include "option_value.h"
#include "qwaved/settings.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_WITHOUT = 256, OPTION_MADE_AFTER };

#define BOTH \
    { "config", 'c', "FILE", 0, "settings of qwaved (default: qwaved.yaml)", 0 }, \
        { "passphrase-file", \
          'p', \
          "FILE", \
          0, \
          "first line: passphrase of the backup, 12 bytes or more; its owner's alone", \
          0 }, \
    { \
        "json", 'j', NULL, 0, "one JSON object on standard output (not with FILE -)", 0 \
    }

static const struct argp_option make_options[] = {
    BOTH,
    { "recipient", 'r', "FILE", 0,
      "instead of a passphrase: public key (PEM; P-256, or SM2 for the GM profile) of who may read "
      "the backup",
      0 },
    { "operator", 'o', "FILE", 0,
      "operator.yaml of an officer: the backup is in the centre's journal. Needed where "
      "dual_control "
      "is all",
      0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { 0 },
};
static const struct argp_option restore_options[] = {
    BOTH,
    { "key", 'k', "FILE", 0, "the recipient's private key (PEM), of a backup for him", 0 },
    { "made-after", OPTION_MADE_AFTER, "TIME", 0,
      "an older backup is refused: 2026-11-28 or 2026-11-28T12:00:00Z", 0 },
    { "revocations", 'R', "FILE", 0,
      "newest list of revoked certificates (ca/revoked.pem, or GET /crl/...): what is on it stays "
      "revoked",
      0 },
    { "without-revocations", OPTION_WITHOUT, NULL, 0,
      "there is none any more: all certificates are revoked but those of officers and the centre",
      0 },
    { 0 },
};

/* A backup for a recipient needs no secret, a restore his. */
static void check(const struct backup_arguments *arguments, struct argp_state *state)
{
    bool is_restore = arguments->is_restore;
    const char *other = is_restore ? arguments->key : arguments->recipient;

    if (arguments->file == NULL || (arguments->passphrase_file == NULL) == (other == NULL)) {
        argp_error(state, "--passphrase-file FILE or --%s FILE, and where the backup is",
                   is_restore ? "key" : "recipient");
    }
    if (arguments->as_json && strcmp(arguments->file, "-") == 0) {
        argp_error(state, "--json and - both want standard output");
    }
    if (is_restore && (arguments->revocations == NULL) != arguments->without_revocations) {
        argp_error(state, "--revocations FILE, or --without-revocations where there is no list");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct backup_arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'p':
        arguments->passphrase_file = value;
        return 0;
    case 'r':
        arguments->recipient = value;
        return 0;
    case 'o':
        arguments->operator_path = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 'k':
        arguments->key = value;
        return 0;
    case 'R':
        arguments->revocations = value;
        return 0;
    case OPTION_MADE_AFTER:
        arguments->made_after_ms = option_time(value, state);
        return 0;
    case OPTION_WITHOUT:
        arguments->without_revocations = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one FILE, not '%s' as well", value);
        }
        arguments->file = value;
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct backup_work *work = self;
    char lock[QW_BACKUP_LOCK_CAP];

    backup_lock_name(work, lock);
    qw_json_name(w, "centre_id");
    qw_json_text(w, work->head.centre_id);
    qw_json_name(w, "made_ms");
    qw_json_int(w, work->head.made_ms);
    qw_json_name(w, "lock");
    qw_json_text(w, lock);
    qw_json_name(w, "seal");
    qw_json_text(w, qw_backup_seal_name(&work->lock));
    if (work->lists_ms != 0) {
        qw_json_name(w, "revocations_ms");
        qw_json_int(w, work->lists_ms);
    }
}

static void say_restored(const struct backup_work *work)
{
    char made[BACKUP_TIME_CAP];

    backup_time_text(work->head.made_ms, made);
    printf("restored as it was at %s; its keys are void and its devices suspended at the first "
           "start\n",
           made);
    if (work->lists_ms == 0) {
        printf("no list of revocations: certificates of devices are revoked, each needs another\n");
    }
}

static int run(int argc, char **argv, const struct argp *argp, bool is_restore)
{
    struct backup_arguments arguments = { .config = "qwaved.yaml", .is_restore = is_restore };
    struct settings settings;
    struct backup_work work = { .settings = &settings, .error = "" };
    int status;
    qw_err err;

    argp_parse(argp, argc, argv, 0, NULL, &arguments);
    err = backup_prepare(&arguments, &work);
    if (err == QW_OK) {
        err = is_restore ? backup_restore(&arguments, &work) : backup_make(&arguments, &work);
    }
    status = qw_exit_of_command(err);
    if (err != QW_OK) {
        fprintf(stderr, "qwave %s: %s\n", is_restore ? "restore" : "backup",
                work.error[0] != '\0' ? work.error : qw_err_text(err));
    } else if (arguments.as_json) {
        status = json_print(256, write_json, &work);
    } else if (is_restore) {
        say_restored(&work);
    }
    backup_clean_up(&work);
    return status;
}

int cmd_backup(int argc, char **argv)
{
    static const struct argp argp = { make_options,
                                      parse,
                                      "FILE",
                                      "Makes a sealed backup of a centre's database, while qwaved "
                                      "works with it. FILE - is standard output.",
                                      NULL,
                                      NULL,
                                      NULL };

    return run(argc, argv, &argp, false);
}

int cmd_restore(int argc, char **argv)
{
    static const struct argp argp = {
        restore_options,
        parse,
        "FILE",
        "Makes a centre's database out of a backup, where there is none. No key of it is given to "
        "anybody; devices are suspended until an officer resumes them. FILE - is standard input.",
        NULL,
        NULL,
        NULL
    };

    return run(argc, argv, &argp, true);
}
