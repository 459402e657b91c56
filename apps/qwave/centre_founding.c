/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "centre_founding.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "store/store_postgres.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* NOTE  text: hex digits of the id | space | URI of the database | line feed */
enum { ID_DIGITS = 2 * QW_FOUNDING_ID_LEN, NOTE_CAP = ID_DIGITS + 1 + CENTRE_FOUNDING_URI_CAP + 1 };

static qw_err explain(char *error, qw_err err, const char *text)
{
    (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%s", text);
    return err;
}

static qw_err explain_database(char *error, qw_err err)
{
    (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "the database: %s",
                   err == QW_ERR_CONFLICT ? "another set-up is at work in it"
                                          : qw_store_postgres_why(err));
    return err;
}

static void name_note(struct centre_founding *founding, const char *work)
{
    (void)snprintf(founding->note, sizeof founding->note, "%s/founding", work);
}

bool centre_founding_is_open(const char *work)
{
    struct centre_founding founding;

    name_note(&founding, work);
    return access(founding.note, F_OK) == 0;
}

static qw_err write_note(const struct centre_founding *founding, const char *uri)
{
    char text[NOTE_CAP + 1];
    size_t len = strlen(uri);

    if (len >= CENTRE_FOUNDING_URI_CAP) {
        return QW_ERR_ARG;
    }
    qw_hex_encode(founding->id, sizeof founding->id, text);
    (void)snprintf(text + ID_DIGITS, sizeof text - ID_DIGITS, " %s\n", uri);
    return qw_file_create(founding->note, (const uint8_t *)text, ID_DIGITS + 1 + len + 1);
}

/* QW_ERR_NOT_FOUND: none. QW_ERR_FORMAT: cut short by a full disk or by hand; then nothing was
 * begun in any database, for the note comes first. */
static qw_err read_note(struct centre_founding *founding, struct centre_founding_left *left)
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(founding->note, NOTE_CAP, &text, &len);

    if (err == QW_OK && (len < ID_DIGITS + 3 || text[ID_DIGITS] != ' ' || text[len - 1] != '\n')) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        text[ID_DIGITS] = '\0';
        text[len - 1] = '\0';
        (void)snprintf(left->uri, sizeof left->uri, "%s", (const char *)text + ID_DIGITS + 1);
        err = qw_hex_decode((const char *)text, founding->id, sizeof founding->id);
    }
    qw_secret_free(text);
    return err;
}

static bool is_ours(const struct centre_founding *founding, const struct qw_founding_mark *mark)
{
    return (mark->state == QW_FOUNDING_BEGUN || mark->state == QW_FOUNDING_MADE) &&
           qw_equal_ct(mark->id, founding->id, sizeof founding->id);
}

static void forget(struct centre_founding *founding)
{
    (void)unlink(founding->note);
}

/* Of a note that can be read. */
static qw_err ask_database(struct centre_founding *founding, struct centre_founding_left *left)
{
    struct qw_founding_mark mark = { .state = QW_FOUNDING_NONE };
    qw_err err = qw_founding_open(left->uri, &founding->database);

    if (err == QW_OK) {
        err = qw_founding_look(founding->database, &mark);
    }
    if (err != QW_OK) {
        return err;
    }
    left->is_made = is_ours(founding, &mark) && mark.state == QW_FOUNDING_MADE;
    if (is_ours(founding, &mark) && !left->is_made) {
        err = qw_founding_clear(founding->database, founding->id);
        if (err == QW_OK) {
            fprintf(stderr, "qwave init: cleared what an earlier one had begun in its database and "
                            "never finished\n");
        }
    }
    if (err == QW_OK && !left->is_made) {
        forget(founding);
    }
    return err;
}

qw_err centre_founding_settle(const char *work, struct centre_founding *out,
                              struct centre_founding_left *left_out,
                              char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct centre_founding founding = { .database = NULL };
    struct centre_founding_left left = { .is_made = false };
    qw_err err;

    name_note(&founding, work);
    err = read_note(&founding, &left);
    if (err == QW_ERR_FORMAT) {
        forget(&founding);
    }
    if (err == QW_OK) {
        err = ask_database(&founding, &left);
        if (err != QW_OK) {
            char why[CENTRE_FOLDER_ERROR_CAP];

            centre_founding_close(&founding);
            (void)explain_database(why, err);
            (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP,
                           "an earlier set-up of this folder ended in %.120s; only that database "
                           "says how far it came, and %.200s. Have it answer and try again",
                           work, why);
            return err;
        }
    } else if (err != QW_ERR_NOT_FOUND && err != QW_ERR_FORMAT) {
        return explain(error, err, "the note of an earlier set-up cannot be read");
    }
    *out = founding;
    *left_out = left;
    return QW_OK;
}

/* Why nothing may be begun there. */
static qw_err explain_there(const struct qw_founding_mark *mark, char *error)
{
    if (mark->state != QW_FOUNDING_MADE) {
        return explain(error, QW_ERR_CONFLICT,
                       "there is a centre in this database already, or something else: its schema "
                       "qwave is not touched");
    }
    (void)snprintf(
        error, CENTRE_FOLDER_ERROR_CAP,
        "the books of a centre are whole in this database. If %.200s is not there, the "
        "same `qwave init` on that machine puts it there. If it is, nothing is wrong; if "
        "it is lost, so is the centre: DROP SCHEMA qwave CASCADE",
        mark->place);
    return QW_ERR_CONFLICT;
}

/* Nothing is begun before it is known that something may be. */
static qw_err begin_in(struct centre_founding *founding, const char *uri, const char *place,
                       char *error)
{
    struct qw_founding_mark mark;
    qw_err err = qw_founding_look(founding->database, &mark);

    if (err != QW_OK) {
        return explain_database(error, err);
    }
    if (mark.state == QW_FOUNDING_MADE || mark.state == QW_FOUNDING_BOOKS) {
        return explain_there(&mark, error);
    }
    err = write_note(founding, uri);
    if (err != QW_OK) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%.400s: %s", founding->note,
                       qw_err_text(err));
        return err;
    }
    err = qw_founding_begin(founding->database, founding->id, place);
    if (err != QW_OK) {
        qw_err undone;

        (void)explain_database(error, err);
        undone = centre_founding_undo(founding, error);
        return undone == QW_OK ? err : undone;
    }
    if (mark.state == QW_FOUNDING_BEGUN) {
        fprintf(stderr,
                "qwave init: cleared what an earlier one, for %s, had begun in this database and "
                "never finished\n",
                mark.place);
    }
    return QW_OK;
}

qw_err centre_founding_begin(const char *work, const char *uri, const char *place,
                             struct centre_founding *out,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct centre_founding founding = { .database = NULL };
    char host[64] = "", where[QW_FOUNDING_PLACE_CAP];
    qw_err err = qw_random_bytes(founding.id, sizeof founding.id);

    name_note(&founding, work);
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(where, sizeof where, "%s:%s", host, place);
    if (err == QW_OK) {
        err = qw_founding_open(uri, &founding.database);
    }
    if (err != QW_OK) {
        return explain_database(error, err);
    }
    err = begin_in(&founding, uri, where, error);
    if (err != QW_OK) {
        centre_founding_close(&founding);
        return err;
    }
    *out = founding;
    return QW_OK;
}

qw_err centre_founding_make(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    qw_err err = qw_founding_make(founding->database, founding->id);

    return err == QW_OK ? QW_OK : explain_database(error, err);
}

void centre_founding_end(struct centre_founding *founding)
{
    /* A mark that stays says where the folder is, and hinders nobody. */
    (void)!qw_founding_end(founding->database, founding->id);
    forget(founding);
}

qw_err centre_founding_undo(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    qw_err err = qw_founding_clear(founding->database, founding->id);
    size_t len;

    if (err == QW_OK || err == QW_ERR_NOT_FOUND) {
        forget(founding);
        return QW_OK;
    }
    len = strnlen(error, CENTRE_FOLDER_ERROR_CAP - 1);
    (void)snprintf(error + len, CENTRE_FOLDER_ERROR_CAP - len,
                   "%sthe database does not say whether anything is left in it: the same command "
                   "again finds that out",
                   len > 0 ? "; " : "");
    return err;
}

void centre_founding_close(struct centre_founding *founding)
{
    qw_founding_close(founding->database);
    founding->database = NULL;
}
