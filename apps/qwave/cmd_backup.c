/* SPDX-License-Identifier: Apache-2.0 */
/* qwave backup and qwave restore: a centre's store as one sealed file, and out of it again
 * [C7] [docs/protocol/backup.md]. A backup is made beside the running centre. */
#define _GNU_SOURCE
#include "command.h"

#include "base/clock.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre/restore/restore.h"
#include "json_print.h"
#include "qwaved/settings.h"
#include "store/backup_file.h"
#include "store/sqlite_copy.h"
#include "store/store_postgres.h"
#include "store/store_sqlite.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arguments {
    const char *config, *passphrase_file, *file;
    bool as_json;
};

struct work {
    struct settings settings;
    uint8_t *bytes; /* of the passphrase */
    struct qw_backup_passphrase passphrase;
    char beside[PATH_MAX]; /* the copy, in the folder of the database; "" for none */
    struct qw_backup_head head;
    char error[QW_CONFIG_ERROR_CAP];
};

static const struct argp_option options[] = {
    { "config", 'c', "FILE", 0, "settings of qwaved (default: qwaved.yaml)", 0 },
    { "passphrase-file", 'p', "FILE", 0,
      "first line: passphrase of the backup, 12 bytes or more; its owner's alone", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output (not with FILE -)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'p':
        arguments->passphrase_file = value;
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
        if (arguments->file == NULL || arguments->passphrase_file == NULL) {
            argp_error(state, "--passphrase-file FILE, and where the backup is");
        }
        if (arguments->as_json && strcmp(arguments->file, "-") == 0) {
            argp_error(state, "--json and - both want standard output");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err explain(struct work *work, qw_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keeps the first sentence. */
static qw_err explain(struct work *work, qw_err err, const char *format, ...)
{
    va_list arguments;

    if (err != QW_OK && work->error[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(work->error, sizeof work->error, format, arguments);
        va_end(arguments);
    }
    return err;
}

/* An empty file of ours in the folder of the database: renaming within it is one step. */
static qw_err make_beside(struct work *work)
{
    int fd;

    if (snprintf(work->beside, sizeof work->beside, "%s.copy-XXXXXX", work->settings.database) >=
        (int)sizeof work->beside) {
        work->beside[0] = '\0';
        return explain(work, QW_ERR_ARG, "database: its path is too long");
    }
    fd = mkstemp(work->beside); /* mode 0600 */
    if (fd < 0) {
        work->beside[0] = '\0';
        return explain(work, QW_ERR_IO, "%s: %s", work->settings.database, strerror(errno));
    }
    close(fd);
    return QW_OK;
}

static qw_err prepare(const struct arguments *arguments, struct work *work)
{
    qw_err err = settings_read(arguments->config, &work->settings, work->error);

    if (err == QW_OK && qw_store_postgres_is_uri(work->settings.database)) {
        return explain(work, QW_ERR_ARG,
                       "PostgreSQL is backed up by its own means: docs/operation/postgresql.md");
    }
    if (err == QW_OK) {
        err = qw_passphrase_file_read(arguments->passphrase_file, &work->bytes,
                                      &work->passphrase.len);
        work->passphrase.bytes = work->bytes;
        err = explain(work, err, "%s: %s", arguments->passphrase_file,
                      err == QW_ERR_REFUSED  ? "others may read it; `chmod 600` it"
                      : err == QW_ERR_FORMAT ? "its first line is no passphrase of 12 to 1024 bytes"
                                             : qw_err_text(err));
    }
    return err;
}

static void clean_up(struct work *work)
{
    static const char *const tails[] = { "", "-wal", "-shm", "-journal" };

    for (size_t i = 0; work->beside[0] != '\0' && i < sizeof tails / sizeof tails[0]; i++) {
        char path[PATH_MAX + 16];

        (void)snprintf(path, sizeof path, "%s%s", work->beside, tails[i]);
        (void)unlink(path);
    }
    qw_secret_free(work->bytes);
}

static qw_err seal_to(const struct arguments *arguments, struct work *work, FILE *from)
{
    bool is_stream = strcmp(arguments->file, "-") == 0;
    int fd = is_stream ? dup(STDOUT_FILENO)
                       : open(arguments->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    qw_err err;

    if (to == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return explain(work, QW_ERR_IO, "%s: %s", arguments->file, strerror(errno));
    }
    err = qw_backup_seal(&work->head, &work->passphrase, from, to);
    if (err == QW_OK && !is_stream && fsync(fd) != 0) {
        err = QW_ERR_IO;
    }
    if (fclose(to) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK && !is_stream) {
        (void)unlink(arguments->file); /* half a backup is none */
    }
    return explain(work, err, "%s: %s", arguments->file, qw_err_text(err));
}

static qw_err back_up(const struct arguments *arguments, struct work *work)
{
    FILE *from;
    qw_err err = make_beside(work);

    if (err != QW_OK) {
        return err;
    }
    work->head.made_ms = qw_clock_utc_ms();
    memcpy(work->head.centre_id, work->settings.centre_id, sizeof work->head.centre_id);
    err = qw_store_sqlite_copy(work->settings.database, work->beside);
    if (err != QW_OK) {
        return explain(work, err, "database %s: %s", work->settings.database, qw_err_text(err));
    }
    from = fopen(work->beside, "r");
    if (from == NULL) {
        return explain(work, QW_ERR_IO, "%s: %s", work->beside, strerror(errno));
    }
    err = seal_to(arguments, work, from);
    fclose(from);
    return err;
}

static qw_err unseal_from(const struct arguments *arguments, struct work *work)
{
    FILE *from = strcmp(arguments->file, "-") == 0 ? stdin : fopen(arguments->file, "r");
    FILE *to = from == NULL ? NULL : fopen(work->beside, "w");
    qw_err err = QW_ERR_IO;

    if (to != NULL) {
        err = qw_backup_open(&work->passphrase, from, to, &work->head);
        if (err == QW_OK && fsync(fileno(to)) != 0) {
            err = QW_ERR_IO;
        }
        if (fclose(to) != 0 && err == QW_OK) {
            err = QW_ERR_IO;
        }
    }
    if (from != NULL && from != stdin) {
        fclose(from);
    }
    return explain(work, err, "%s: %s", arguments->file,
                   err == QW_ERR_FORMAT ? "no backup, or not the whole of one"
                   : err == QW_ERR_AUTH ? "not its passphrase, or altered"
                                        : qw_err_text(err));
}

/* What may be wrong is found before the database has its name. */
static qw_err check_and_mark(struct work *work)
{
    struct qw_store store = { 0 };
    qw_err err;

    if (strcmp(work->head.centre_id, work->settings.centre_id) != 0) {
        return explain(work, QW_ERR_REFUSED, "it is a backup of %s, not of %s",
                       work->head.centre_id, work->settings.centre_id);
    }
    err = qw_store_sqlite_open(work->beside, &store);
    if (err == QW_OK) {
        err = qw_restored_mark(&store);
    }
    qw_store_close(&store);
    if (err == QW_ERR_CONFLICT) {
        err = QW_OK; /* a backup of what was restored and never started */
    }
    return explain(work, err, "there is no centre of this version in it: %s", qw_err_text(err));
}

static qw_err give_name(struct work *work)
{
    char folder[PATH_MAX];
    int fd;

    if (link(work->beside, work->settings.database) != 0) {
        return explain(work, errno == EEXIST ? QW_ERR_CONFLICT : QW_ERR_IO, "%s: %s",
                       work->settings.database, strerror(errno));
    }
    (void)snprintf(folder, sizeof folder, "%s", work->settings.database);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    return QW_OK;
}

static qw_err restore(const struct arguments *arguments, struct work *work)
{
    qw_err err = QW_OK;

    if (access(work->settings.database, F_OK) == 0) {
        err = explain(work, QW_ERR_CONFLICT, "%s is there: a backup goes where there is none",
                      work->settings.database);
    } else if (work->settings.high_mark[0] != '\0' && access(work->settings.high_mark, F_OK) == 0) {
        err = explain(work, QW_ERR_CONFLICT,
                      "high_mark %s is there, of a database that is ahead: move it away",
                      work->settings.high_mark);
    }
    if (err == QW_OK) {
        err = make_beside(work);
    }
    if (err == QW_OK) {
        err = unseal_from(arguments, work);
    }
    if (err == QW_OK) {
        err = check_and_mark(work);
    }
    return err == QW_OK ? give_name(work) : err;
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct qw_backup_head *head = self;

    qw_json_name(w, "centre_id");
    qw_json_text(w, head->centre_id);
    qw_json_name(w, "made_ms");
    qw_json_int(w, head->made_ms);
}

static int run(int argc, char **argv, const struct argp *argp, const char *name,
               qw_err (*verb)(const struct arguments *arguments, struct work *work))
{
    struct arguments arguments = { .config = "qwaved.yaml" };
    struct work work = { .error = "" };
    int status;
    qw_err err;

    argp_parse(argp, argc, argv, 0, NULL, &arguments);
    err = prepare(&arguments, &work);
    if (err == QW_OK) {
        err = verb(&arguments, &work);
    }
    status = err == QW_ERR_ARG || err == QW_ERR_NOT_FOUND ? EXIT_USAGE : qw_exit_of(err);
    if (err != QW_OK) {
        fprintf(stderr, "qwave %s: %s\n", name,
                work.error[0] != '\0' ? work.error : qw_err_text(err));
    } else if (arguments.as_json) {
        status = json_print(256, write_json, &work.head);
    } else if (strcmp(name, "restore") == 0) {
        printf("restored; its keys are void and its devices suspended at the first start\n");
    }
    clean_up(&work);
    return status;
}

int cmd_backup(int argc, char **argv)
{
    static const struct argp argp = { options,
                                      parse,
                                      "FILE",
                                      "Makes a sealed backup of a centre's database, while qwaved "
                                      "works with it. FILE - is standard output.",
                                      NULL,
                                      NULL,
                                      NULL };

    return run(argc, argv, &argp, "backup", back_up);
}

int cmd_restore(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Makes a centre's database out of a backup, where there is none. No key of it is given to "
        "anybody; devices are suspended until an officer resumes them. FILE - is standard input.",
        NULL,
        NULL,
        NULL
    };

    return run(argc, argv, &argp, "restore", restore);
}
