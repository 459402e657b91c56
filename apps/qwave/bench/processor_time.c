/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/processor_time.h"

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct usage {
    long parent;
    double used_s;
};

/* Fields 4, 14 and 15 of proc_pid_stat(5), behind a name that may hold anything. */
static bool read_usage(const char *pid, struct usage *usage)
{
    unsigned long user = 0;
    unsigned long system = 0;
    char path[64];
    char text[1024];
    const char *end;
    size_t len;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    end = strrchr(text, ')');
    if (end == NULL || sscanf(end + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                              &usage->parent, &user, &system) != 3) {
        return false;
    }
    usage->used_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

double processor_time_s(pid_t pid)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    double used_s = NAN;
    double children_s = 0;

    if (folder == NULL) {
        return NAN;
    }
    while ((entry = readdir(folder)) != NULL) {
        struct usage usage;

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
            !read_usage(entry->d_name, &usage)) {
            continue;
        }
        if (strtol(entry->d_name, NULL, 10) == pid) {
            used_s = usage.used_s;
        } else if (usage.parent == pid) {
            children_s += usage.used_s;
        }
    }
    (void)closedir(folder);
    return used_s + children_s;
}
