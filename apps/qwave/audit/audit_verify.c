/* SPDX-License-Identifier: Apache-2.0 */
/* Off line: a file, a public key, perhaps a head from elsewhere, and a verdict. */
#include "audit/audit.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "command.h"
#include "json_print.h"
#include "store/journal/database.h"
#include "store/journal/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 65536, JSON_CAP = 1024 };

/* A small file, and what is in it by `decode`; says what is wrong with it. */
static bool read_small(const char *path, const char *what,
                       qw_err (*decode)(const char *text, size_t len, void *out), void *out)
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(path, FILE_MAX, &text, &len);

    if (err == QW_OK) {
        err = decode((const char *)text, len, out);
        qw_secret_free(text);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave audit: %s: %s\n", path,
                err == QW_ERR_FORMAT ? what : qw_err_text(err));
    }
    return err == QW_OK;
}

static qw_err decode_key(const char *text, size_t len, void *out)
{
    return qw_public_key_read(text, len, out);
}

static qw_err decode_head(const char *text, size_t len, void *out)
{
    return audit_head_decode(text, len, out, NULL);
}

static void write_report(struct qw_json_writer *w, const void *self)
{
    const struct qw_journal_report *report = self;
    bool is_whole = report->fault == QW_JOURNAL_WHOLE;

    qw_json_name(w, "is_whole");
    qw_json_bool(w, is_whole);
    qw_json_name(w, "centre_id");
    qw_json_text(w, report->centre);
    qw_json_name(w, "records");
    qw_json_uint(w, report->records);
    qw_json_name(w, "signed_seq");
    qw_json_uint(w, report->signed_seq);
    qw_json_name(w, "unsigned_records");
    qw_json_uint(w, report->unsigned_records);
    qw_json_name(w, "keys");
    qw_json_uint(w, report->keys);
    if (!is_whole) {
        qw_json_name(w, "fault_seq");
        qw_json_uint(w, report->fault_seq);
        qw_json_name(w, "fault");
        qw_json_text(w, qw_journal_fault_text(report->fault));
    }
}

static void print_head(const struct qw_journal_check *check)
{
    char hash[2 * QW_AUDIT_HASH_LEN + 1];

    qw_hex_encode(check->hash, sizeof check->hash, hash);
    printf("whole: %" PRIu64
           " records of %s, chained and signed by nobody; keep elsewhere: %" PRIu64 ":%s\n",
           check->report.records, check->report.centre, check->report.records, hash);
}

static int print_report(const struct qw_journal_check *check, bool as_json)
{
    const struct qw_journal_report *report = &check->report;
    bool is_whole = report->fault == QW_JOURNAL_WHOLE;

    if (as_json) {
        int status = json_print(JSON_CAP, write_report, report);

        return status != EXIT_DONE ? status : is_whole ? EXIT_DONE : EXIT_FAILED;
    }
    if (!is_whole) {
        printf("record %" PRIu64 " %s; %" PRIu64 " records before it are good\n", report->fault_seq,
               qw_journal_fault_text(report->fault), report->records);
        return EXIT_FAILED;
    }
    if (check->is_unsigned) {
        print_head(check);
        return EXIT_DONE;
    }
    printf("whole: %" PRIu64 " records of %s, signed up to %" PRIu64 "\n", report->records,
           report->centre[0] != '\0' ? report->centre : "nobody", report->signed_seq);
    if (report->keys > 1) {
        printf("signed by %" PRIu64 " keys, each by the one before it\n", report->keys);
    }
    if (report->unsigned_records > 0) {
        printf("the last %" PRIu64 " of them are not signed yet\n", report->unsigned_records);
    }
    return EXIT_DONE;
}

static qw_err check(const char *path, FILE *file, struct qw_journal_check *check)
{
    return qw_journal_is_database(file) ? qw_journal_database_check(path, check)
                                        : qw_journal_export_check(file, check);
}

/* SEQ:HASH, as a node's status says both. */
static bool parse_kept(const char *text, uint64_t *seq, uint8_t hash[static QW_AUDIT_HASH_LEN])
{
    char *end = NULL;

    *seq = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && *end == ':' &&
           qw_hex_decode(end + 1, hash, QW_AUDIT_HASH_LEN) == QW_OK;
}

/* By a key, or of the chain alone. */
static bool begin(const struct audit_arguments *arguments, struct qw_journal_check *checked)
{
    uint8_t hash[QW_AUDIT_HASH_LEN] = { 0 };
    struct qw_public_key key;
    struct qw_signed_head kept;
    uint64_t seq = 0;

    if (arguments->key != NULL) {
        if (!read_small(arguments->key, "no public key of a journal", decode_key, &key) ||
            (arguments->head != NULL &&
             !read_small(arguments->head, "no signed head", decode_head, &kept))) {
            return false;
        }
        qw_journal_check_begin(checked, &key, arguments->head != NULL ? &kept : NULL);
        return true;
    }
    if (arguments->head != NULL) {
        fprintf(stderr, "qwave audit: --key says whose signatures count\n");
        return false;
    }
    if (arguments->kept != NULL && !parse_kept(arguments->kept, &seq, hash)) {
        fprintf(stderr, "qwave audit: '%s' is not SEQ:HASH\n", arguments->kept);
        return false;
    }
    qw_journal_check_begin_unsigned(checked, seq, hash);
    return true;
}

int audit_verify(const struct audit_arguments *arguments)
{
    struct qw_journal_check checked;
    FILE *file;
    qw_err err;

    if (!begin(arguments, &checked)) {
        return EXIT_USAGE;
    }
    file = fopen(arguments->file, "rb");
    if (file == NULL) {
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file, strerror(errno));
        return EXIT_FAILED;
    }
    err = check(arguments->file, file, &checked);
    (void)fclose(file);
    if (err != QW_OK) {
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file,
                err == QW_ERR_FORMAT ? "neither an export nor a database of a centre"
                                     : qw_err_text(err));
        return EXIT_FAILED;
    }
    return print_report(&checked, arguments->as_json);
}
