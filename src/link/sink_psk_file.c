/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "link/sink_psk_file.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "link/psk_join.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    PID_FILE_MAX = 64,
    WORD_CAP = 2 * QW_LINK_KEY_LEN + 1,
    SLOTS = 6, /* words of the template */
    FIRST_OTHER = 3
};

static const char *const words[SLOTS] = { "{{key_hex}}",   "{{key_base64}}",   "{{key_id}}",
                                          "{{other_hex}}", "{{other_base64}}", "{{other_id}}" };

struct psk_file {
    char path[QW_PSK_FILE_PATH_CAP];
    char pid_file[QW_PSK_FILE_PATH_CAP];
    char joined[QW_PSK_FILE_PATH_CAP]; /* "": none */
    char folder[QW_PSK_FILE_PATH_CAP]; /* of path */
    int signal_number;
    bool is_told; /* its reader, of what is in the file, joined; not known after a start */
    char template_text[QW_PSK_FILE_TEMPLATE_MAX + 1];
};

struct sheet { /* the file's next content; in secret memory, for as long as it is written */
    char values[SLOTS][WORD_CAP];
    char text[QW_PSK_FILE_TEXT_MAX];
    size_t len;
};

static bool put(struct sheet *sheet, const char *text, size_t len)
{
    if (len > sizeof sheet->text - sheet->len) {
        return false;
    }
    memcpy(sheet->text + sheet->len, text, len);
    sheet->len += len;
    return true;
}

/* Index of the word that begins here, SLOTS when none does. */
static size_t word_at(const char *text)
{
    size_t i = 0;

    while (i < SLOTS && strncmp(text, words[i], strlen(words[i])) != 0) {
        i++;
    }
    return i;
}

/* One line of the template, with its newline; left out when it speaks of a key that is not there.
 */
static bool put_line(struct sheet *sheet, const char *line, size_t len, bool has_other)
{
    size_t begin = sheet->len;

    for (size_t at = 0; at < len;) {
        size_t word = word_at(line + at);

        if (word == SLOTS) {
            if (!put(sheet, line + at, 1)) {
                return false;
            }
            at++;
            continue;
        }
        if (word >= FIRST_OTHER && !has_other) {
            sheet->len = begin;
            return true;
        }
        if (!put(sheet, sheet->values[word], strlen(sheet->values[word]))) {
            return false;
        }
        at += strlen(words[word]);
    }
    return true;
}

static void spell(struct sheet *sheet, size_t first, const struct qw_link_key *key)
{
    qw_hex_encode(key->bytes, sizeof key->bytes, sheet->values[first]);
    qw_base64_encode(key->bytes, sizeof key->bytes, sheet->values[first + 1]);
    qw_uuid_encode(key->id, sheet->values[first + 2]);
}

/* Whoever reads the file is told. */
static qw_err tell(const struct psk_file *file)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char digits[PID_FILE_MAX + 1] = "";
    char *end = NULL;
    long pid;
    qw_err err;

    if (file->pid_file[0] == '\0') {
        return QW_OK;
    }
    err = qw_file_read(file->pid_file, PID_FILE_MAX, &text, &len);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    memcpy(digits, text, len);
    qw_secret_free(text);
    errno = 0;
    pid = strtol(digits, &end, 10);
    if (errno != 0 || end == digits || strspn(end, " \r\n") != strlen(end) || pid <= 1 ||
        pid > INT32_MAX) { /* 0, 1 and negative numbers would reach others */
        return QW_ERR_FORMAT;
    }
    if (kill((pid_t)pid, file->signal_number) != 0 && errno != ESRCH) {
        return QW_ERR_REFUSED;
    }
    return QW_OK;
}

/* Is the file as it should be already? Then nobody is told again. */
static bool is_written(const struct psk_file *file, const struct sheet *sheet)
{
    uint8_t *text = NULL;
    size_t len = 0;
    bool is = qw_file_read_private(file->path, sizeof sheet->text, &text, &len) == QW_OK &&
              len == sheet->len && qw_equal_ct(text, sheet->text, len);

    qw_secret_free(text);
    return is;
}

static bool fill_in(const char *template_text, bool has_other, struct sheet *sheet)
{
    bool ok = true;

    for (const char *line = template_text; ok && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end == NULL ? strlen(line) : (size_t)(end - line) + 1;

        ok = put_line(sheet, line, len, has_other);
        line += len;
    }
    return ok;
}

static qw_err write_keys(struct psk_file *file, const struct qw_link_key *key,
                         const struct qw_link_key *other)
{
    struct sheet *sheet = qw_secret_new(sizeof *sheet);
    qw_err err = QW_OK;

    if (sheet == NULL) {
        return QW_ERR_NOMEM;
    }
    spell(sheet, 0, key);
    if (other != NULL) {
        spell(sheet, FIRST_OTHER, other);
    }
    if (!fill_in(file->template_text, other != NULL, sheet)) {
        err = QW_ERR_SPACE;
    } else if (!is_written(file, sheet)) {
        file->is_told = false;
        err = qw_file_replace(file->path, (const uint8_t *)sheet->text, sheet->len);
    }
    qw_secret_free(sheet);
    if (err == QW_OK && !file->is_told) {
        err = file->joined[0] == '\0' ? QW_OK : qw_psk_join(file->folder, file->joined);
        err = err == QW_OK ? tell(file) : err;
        file->is_told = err == QW_OK;
    }
    return err;
}

static qw_err psk_file_block(void *self)
{
    struct qw_link_key nobodys = { { 0 }, { 0 } };
    qw_err err = qw_random_bytes(nobodys.bytes, sizeof nobodys.bytes);

    if (err == QW_OK) {
        err = write_keys(self, &nobodys, NULL);
    }
    qw_wipe(&nobodys, sizeof nobodys);
    return err;
}

static qw_err psk_file_prepare(void *self, const struct qw_link_key *current,
                               const struct qw_link_key *next)
{
    struct qw_link_key nobodys = { { 0 }, { 0 } };
    qw_err err = QW_OK;

    if (current == NULL) { /* the new key is accepted, and nothing else may be used yet */
        err = qw_random_bytes(nobodys.bytes, sizeof nobodys.bytes);
        current = &nobodys;
    }
    if (err == QW_OK) {
        err = write_keys(self, current, next);
    }
    qw_wipe(&nobodys, sizeof nobodys);
    return err;
}

static qw_err psk_file_promote(void *self, const struct qw_link_key *next,
                               const struct qw_link_key *last)
{
    return write_keys(self, next, last);
}

static qw_err psk_file_settle(void *self, const struct qw_link_key *current)
{
    return write_keys(self, current, NULL);
}

static void psk_file_close(void *self)
{
    free(self);
}

static bool template_ok(const char *text)
{
    size_t found = 0;

    if (strlen(text) > QW_PSK_FILE_TEMPLATE_MAX) {
        return false;
    }
    for (const char *at = strstr(text, "{{"); at != NULL; at = strstr(at + 2, "{{")) {
        if (word_at(at) == SLOTS) {
            return false;
        }
        found++;
    }
    return found > 0;
}

static void find_folder(struct psk_file *file)
{
    const char *slash = strrchr(file->path, '/');

    file->folder[0] = '.';
    if (slash != NULL) { /* of "/name" the slash itself */
        memcpy(file->folder, file->path, slash == file->path ? 1 : (size_t)(slash - file->path));
    }
}

qw_err qw_sink_psk_file(const struct qw_psk_file_config *config, struct qw_key_sink *sink)
{
    struct psk_file *file;

    if (config->path[0] == '\0' || strlen(config->path) >= QW_PSK_FILE_PATH_CAP ||
        strlen(config->pid_file) >= QW_PSK_FILE_PATH_CAP ||
        strlen(config->joined) >= QW_PSK_FILE_PATH_CAP || !template_ok(config->template_text) ||
        (config->joined[0] != '\0' && !qw_psk_join_is_part(config->path))) {
        return QW_ERR_ARG;
    }
    file = calloc(1, sizeof *file);
    if (file == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(file->path, config->path, strlen(config->path));
    memcpy(file->pid_file, config->pid_file, strlen(config->pid_file));
    memcpy(file->template_text, config->template_text, strlen(config->template_text));
    memcpy(file->joined, config->joined, strlen(config->joined));
    find_folder(file);
    file->signal_number = config->signal_number;
    *sink = (struct qw_key_sink){ .kind = "psk-file",
                                  .self = file,
                                  .prepare = psk_file_prepare,
                                  .promote = psk_file_promote,
                                  .settle = psk_file_settle,
                                  .block = psk_file_block,
                                  .close = psk_file_close };
    return QW_OK;
}
