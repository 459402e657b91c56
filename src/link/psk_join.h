/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PSK_JOIN_H
#define QW_LINK_PSK_JOIN_H

#include "base/error.h"

#include <stdbool.h>

/* Many links of a program that reads one file with the keys of all its clients: each link keeps
 * what is its own in a file NAME.psk, a part, and the program's file is all parts of a folder, in
 * the order of their names, each ended by a newline. */
enum { QW_PSK_JOIN_MAX = 256 * 1024 }; /* two keys each of a thousand links, with room to spare */

/* By its name; the file beside it that is to take its place is none. */
bool qw_psk_join_is_part(const char *path);

/* Replaces path, as a whole and with mode 0600, by what is in all parts of folder. Whoever does it
 * at the same time waits, so the last one has seen all parts. path is untouched on failure:
 * QW_ERR_REFUSED when others may read a part, QW_ERR_SPACE for more than QW_PSK_JOIN_MAX in all,
 * QW_ERR_NOT_FOUND when there is no folder, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_psk_join(const char *folder, const char *path) QW_MUST_USE;

#endif
