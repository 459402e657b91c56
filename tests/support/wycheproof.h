/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_WYCHEPROOF_H
#define QW_TESTS_SUPPORT_WYCHEPROOF_H

#include "base/file.h"
#include "base/secret.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Files of further vectors in the shape of the Wycheproof project, from the folder QWAVE_VECTORS.
 * NULL with a message when the file is not there: the test is then skipped. */
static inline cJSON *wycheproof_load(const char *file)
{
    char path[512];
    uint8_t *text = NULL;
    size_t len = 0;
    cJSON *root;

    snprintf(path, sizeof path, "%s/%s", QWAVE_VECTORS, file);
    if (qw_file_read(path, 4u << 20, &text, &len) != QW_OK) {
        printf("skipped: no extra vectors (%s)\n", path);
        return NULL;
    }
    root = cJSON_ParseWithLength((const char *)text, len);
    qw_secret_free(text);
    return root;
}

static inline const char *wycheproof_text(const cJSON *test, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(test, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static inline int wycheproof_number(const cJSON *test, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(test, name);

    return cJSON_IsNumber(item) ? item->valueint : -1;
}

static inline bool wycheproof_is_valid(const cJSON *test)
{
    return strcmp(wycheproof_text(test, "result"), "valid") == 0;
}

/* Calls check for every test of every group; gives how many there were. */
static inline int wycheproof_each(const cJSON *root,
                                  void (*check)(const cJSON *group, const cJSON *test))
{
    const cJSON *group;
    const cJSON *test;
    int count = 0;

    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(root, "testGroups"))
    {
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            check(group, test);
            count++;
        }
    }
    return count;
}

#endif
