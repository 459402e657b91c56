/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "partner_files.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 2 * SETTINGS_PATH_CAP };

#define ROW(member, cap, text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, \
        .offset = offsetof(struct partner_settings, member), .min = 1, .max = cap, \
        .standard = NULL, .help = text \
    }
static const struct qw_config_row rows[] = {
    ROW(url, QW_ETSI020_URL_CAP, "of its listener for partners, https://..."),
    ROW(certificate, SETTINGS_PATH_CAP, "ours, from its authority, PEM"),
    ROW(key, SETTINGS_PATH_CAP, "our private key for it, PEM"),
    ROW(ca, SETTINGS_PATH_CAP, "its authority, PEM"),
};

/* The id of "kme-b.yaml"; false for other files. */
static bool name_of_file(const char *file, char id[static SETTINGS_KME_CAP])
{
    size_t len = strlen(file);

    if (len <= 5 || len - 5 >= SETTINGS_KME_CAP || strcmp(file + len - 5, ".yaml") != 0) {
        return false;
    }
    memcpy(id, file, len - 5);
    id[len - 5] = '\0';
    return true;
}

static qw_err read_partner(struct partner_list *list, const char *folder, const char *file,
                           char error[static QW_CONFIG_ERROR_CAP])
{
    struct partner_entry entry = { .id = "" };
    char path[PATH_CAP];
    size_t len;
    qw_err err;

    if (!name_of_file(file, entry.id)) {
        return QW_OK;
    }
    if (list->count == PARTNERS_MAX) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.200s: more than %d partners", folder,
                       (int)PARTNERS_MAX);
        return QW_ERR_FORMAT;
    }
    (void)snprintf(path, sizeof path, "%.1000s/%.255s", folder, file);
    err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &entry.settings, error);
    if (err == QW_OK && strncmp(entry.settings.url, "https://", 8) != 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.300s: url: https:// and nothing else", path);
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        return err;
    }
    len = strlen(entry.settings.url);
    if (entry.settings.url[len - 1] == '/') {
        entry.settings.url[len - 1] = '\0';
    }
    list->entry[list->count++] = entry;
    return QW_OK;
}

static qw_err read_folder(struct partner_list *list, const char *folder,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    struct dirent **files = NULL;
    int count = scandir(folder, &files, NULL, alphasort);
    qw_err err = QW_OK;

    if (count < 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "partners: %.300s: no such folder", folder);
        return QW_ERR_NOT_FOUND;
    }
    for (int i = 0; i < count; i++) {
        if (err == QW_OK) {
            err = read_partner(list, folder, files[i]->d_name, error);
        }
        free(files[i]);
    }
    free(files);
    return err;
}

qw_err partner_files_read(const char *folder, struct partner_list **out,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    struct partner_list *list = calloc(1, sizeof *list);
    qw_err err;

    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    err = read_folder(list, folder, error);
    if (err != QW_OK) {
        free(list);
        return err;
    }
    *out = list;
    return QW_OK;
}
