/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_CHARON_LINE_H
#define QW_LINK_PROVE_CHARON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of the log of strongSwan's charon, of its file logger or out of a system log:
 *   [time] NN[GRP] <name|id> text      NN thread, GRP group (with a digit under log_level = yes)
 * <...> is there for what belongs to an IKE_SA, under ike_name = yes. */
enum { QW_CHARON_THREADS = 100, QW_CHARON_ROW_BYTES = 16 };

struct qw_charon_line {
    unsigned thread; /* < QW_CHARON_THREADS */
    char group[4];
    bool has_ike;
    uint32_t ike;     /* unique id of the IKE_SA in this run of the daemon */
    const char *text; /* borrowed; rows of a dump keep their leading spaces */
};

/* False for what is no such line; out is then untouched. */
bool qw_charon_line_parse(const char *text, struct qw_charon_line *out);

struct qw_charon_message { /* of IKE */
    bool is_response;
    bool is_create; /* of CREATE_CHILD_SA */
    uint32_t id;
};

/* "parsed CREATE_CHILD_SA response 2 [ SA No KE ]"; false for what is no such text, out is then
 * untouched. */
bool qw_charon_message_parse(const char *text, struct qw_charon_message *out);

/* "NAME => N bytes @ 0x..." with that name: its N. False otherwise, or for N over max. */
bool qw_charon_dump_begins(const char *text, const char *name, size_t max, size_t *len);

/* A row of a dump, "  16: 00 01 ..": reads count bytes (1..QW_CHARON_ROW_BYTES) of it when it is
 * the row that begins at offset at. */
bool qw_charon_dump_row(const char *text, size_t at, size_t count, uint8_t *out);

/* The number that ends at the next `end`: "IKE_SA l[7] " with '[' and ']'. */
bool qw_charon_number_between(const char *text, char begin, char end, uint32_t *number);

#endif
