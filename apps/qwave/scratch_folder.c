/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "scratch_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPEN_FOLDERS = 16 };

const char *scratch_base(void)
{
    const char *base = getenv("TMPDIR");

    return base != NULL && base[0] != '\0' ? base : "/tmp";
}

qw_err scratch_folder_make(const char *name, char *path, size_t cap)
{
    if ((size_t)snprintf(path, cap, "%s/%s.XXXXXX", scratch_base(), name) >= cap ||
        mkdtemp(path) == NULL) {
        path[0] = '\0';
        return QW_ERR_IO;
    }
    return QW_OK;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void scratch_folder_remove(const char *path)
{
    if (path[0] != '\0') {
        (void)nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    }
}
