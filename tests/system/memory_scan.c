/* SPDX-License-Identifier: Apache-2.0 */
/* memory_scan PID <MARKERS: where in the memory of a process do secrets lie? A marker is a line
 * "NAME HEX". For each one a line "NAME locked N swappable M", and for each find outside locked
 * memory a line on standard error. Locked: the system keeps it out of the swap space and out of
 * dumps ("lo" and "dd" among VmFlags [proc(5)]): memory for secrets, not what is locked with
 * everything else. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MARKERS_MAX = 64, MARKER_LEN_MAX = 64, LINE_CAP = 1024 };

struct marker {
    char name[64];
    uint8_t bytes[MARKER_LEN_MAX];
    size_t len;
    unsigned locked, swappable;
};

struct mapping {
    unsigned long from, to;
    char about[LINE_CAP];
    bool is_readable;
};

static struct marker markers[MARKERS_MAX];
static size_t marker_count;

static bool read_marker(const char *line, struct marker *marker)
{
    char hex[2 * MARKER_LEN_MAX + 1];

    if (sscanf(line, "%63s %128s", marker->name, hex) != 2 || strlen(hex) < 32) {
        return false; /* shorter ones are found by chance */
    }
    for (marker->len = 0;
         sscanf(hex + 2 * marker->len, "%2hhx", &marker->bytes[marker->len]) == 1;) {
        marker->len++;
        if (hex[2 * marker->len] == '\0') {
            return true;
        }
    }
    return false;
}

static void look(const struct mapping *mapping, const uint8_t *memory, size_t len, bool is_locked)
{
    for (size_t i = 0; i < marker_count; i++) {
        struct marker *marker = &markers[i];
        const uint8_t *at = memory;

        while ((at = memmem(at, len - (size_t)(at - memory), marker->bytes, marker->len)) != NULL) {
            if (is_locked) {
                marker->locked++;
            } else {
                marker->swappable++;
                fprintf(stderr, "%s at %lx of %s", marker->name,
                        mapping->from + (unsigned long)(at - memory), mapping->about);
            }
            at++;
        }
    }
}

static bool scan(int memory_fd, const struct mapping *mapping, bool is_locked)
{
    size_t len = mapping->to - mapping->from;
    uint8_t *copy = malloc(len);
    size_t have = 0;

    if (copy == NULL) {
        return false;
    }
    while (have < len) { /* a page that cannot be read, such as a device's, ends it */
        ssize_t n = pread(memory_fd, copy + have, len - have, (off_t)(mapping->from + have));

        if (n <= 0) {
            break;
        }
        have += (size_t)n;
    }
    look(mapping, copy, have, is_locked);
    free(copy);
    return true;
}

/* Mappings one by one, each followed by its fields, the last of which are its flags. */
static bool scan_all(FILE *smaps, int memory_fd)
{
    struct mapping mapping = { 0 };
    char line[LINE_CAP], rights[8];
    bool ok = true;

    while (ok && fgets(line, sizeof line, smaps) != NULL) {
        struct mapping next = { 0 };

        if (sscanf(line, "%lx-%lx %7s", &next.from, &next.to, rights) == 3) {
            snprintf(next.about, sizeof next.about, "%s", line);
            next.is_readable = rights[0] == 'r' && strstr(line, "[vvar]") == NULL;
            mapping = next;
        } else if (strncmp(line, "VmFlags:", 8) == 0 && mapping.is_readable) {
            ok = scan(memory_fd, &mapping,
                      strstr(line, " lo") != NULL && strstr(line, " dd") != NULL);
        }
    }
    return ok;
}

int main(int argc, char **argv)
{
    char path[64], line[LINE_CAP];
    FILE *smaps;
    int memory_fd;
    bool ok;

    if (argc != 2) {
        fprintf(stderr, "usage: memory_scan PID <MARKERS\n");
        return 2;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (marker_count == MARKERS_MAX || !read_marker(line, &markers[marker_count])) {
            fprintf(stderr, "not a marker, or one too many: %s", line);
            return 2;
        }
        marker_count++;
    }
    snprintf(path, sizeof path, "/proc/%s/smaps", argv[1]);
    smaps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
    memory_fd = open(path, O_RDONLY | O_CLOEXEC);
    ok = smaps != NULL && memory_fd >= 0 && marker_count > 0 && scan_all(smaps, memory_fd);
    for (size_t i = 0; ok && i < marker_count; i++) {
        printf("%s locked %u swappable %u\n", markers[i].name, markers[i].locked,
               markers[i].swappable);
    }
    if (!ok) {
        fprintf(stderr, "the memory of %s cannot be read\n", argv[1]);
    }
    return ok ? 0 : 1;
}
