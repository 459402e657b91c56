/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "demo/leak_scan.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/secret.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_LEN = 32, FORMS = 6, FORM_CAP = 2 * KEY_LEN + 1 };

/* One key in every written form. The unaligned base64 forms leave out the characters that depend on
 * neighbours. */
struct forms {
    uint8_t text[FORMS][FORM_CAP];
    size_t len[FORMS];
};

static void make_base64_form(const uint8_t *key, size_t shift, uint8_t *text, size_t *len)
{
    uint8_t shifted[KEY_LEN + 3] = { 0 };
    char encoded[QW_BASE64_LEN(KEY_LEN + 3) + 1];
    size_t first = shift == 0 ? 0 : 4; /* the first group mixes in the bytes before the key */
    size_t whole = (shift + KEY_LEN) / 3 * 4;

    memcpy(shifted + shift, key, KEY_LEN);
    qw_base64_encode(shifted, shift + KEY_LEN, encoded);
    *len = whole - first;
    memcpy(text, encoded + first, *len);
    qw_wipe(shifted, sizeof shifted);
    qw_wipe(encoded, sizeof encoded);
}

static void make_forms(const uint8_t *key, struct forms *forms)
{
    memcpy(forms->text[0], key, KEY_LEN);
    forms->len[0] = KEY_LEN;
    qw_hex_encode(key, KEY_LEN, (char *)forms->text[1]);
    forms->len[1] = 2 * KEY_LEN;
    forms->len[2] = 2 * KEY_LEN;
    for (size_t i = 0; i < 2 * KEY_LEN; i++) {
        uint8_t c = forms->text[1][i];

        forms->text[2][i] = c >= 'a' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    for (size_t shift = 0; shift < 3; shift++) {
        make_base64_form(key, shift, forms->text[3 + shift], &forms->len[3 + shift]);
    }
}

struct scan {
    const uint8_t *keys;
    size_t count, files, hits;
    char *where;
    size_t where_cap;
};

static qw_err scan_file(struct scan *scan, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    uint8_t *data = MAP_FAILED;
    size_t len = 0;

    if (fd < 0) {
        return QW_ERR_IO;
    }
    scan->files++;
    if (fstat(fd, &about) == 0 && about.st_size > 0) {
        len = (size_t)about.st_size;
        data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    if (data == MAP_FAILED) {
        return len == 0 ? QW_OK : QW_ERR_IO;
    }
    for (size_t k = 0; k < scan->count; k++) {
        struct forms forms;
        bool found = false;

        make_forms(scan->keys + k * KEY_LEN, &forms);
        for (size_t f = 0; f < FORMS && !found; f++) {
            found = memmem(data, len, forms.text[f], forms.len[f]) != NULL;
        }
        qw_wipe(&forms, sizeof forms);
        if (found && scan->hits++ == 0) {
            snprintf(scan->where, scan->where_cap, "%s", path);
        }
    }
    munmap(data, len);
    return QW_OK;
}

static qw_err scan_folder(struct scan *scan, const char *folder)
{
    DIR *open_folder = opendir(folder);
    qw_err err = QW_OK;

    if (open_folder == NULL) {
        return QW_ERR_IO;
    }
    for (struct dirent *entry = readdir(open_folder); err == QW_OK && entry != NULL;
         entry = readdir(open_folder)) {
        char path[PATH_MAX];
        struct stat about;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= sizeof path) {
            err = QW_ERR_SPACE;
        } else if (lstat(path, &about) != 0) {
            err = QW_ERR_IO;
        } else if (S_ISDIR(about.st_mode)) {
            err = scan_folder(scan, path);
        } else if (S_ISREG(about.st_mode)) {
            err = scan_file(scan, path);
        }
    }
    closedir(open_folder);
    return err;
}

qw_err leak_scan_folder(const char *folder, const uint8_t *keys, size_t count, size_t *files,
                        size_t *hits, char *where, size_t where_cap)
{
    struct scan scan = { .keys = keys, .count = count, .where = where, .where_cap = where_cap };
    qw_err err;

    where[0] = '\0';
    err = scan_folder(&scan, folder);
    *files = scan.files;
    *hits = scan.hits;
    return err;
}
