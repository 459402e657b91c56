/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_SINK_PSK_FILE_H
#define QW_LINK_SINK_PSK_FILE_H

#include "link/key_sink.h"

#include <stddef.h>

/* A file with the key, for programs that read one (stunnel, mosquitto, anything), and a signal that
 * tells them to read it again. The file is replaced as a whole (mode 0600, fsync, rename), never
 * written in place. What it holds is a template's text with these words filled in:
 *
 *   {{key_hex}} {{key_base64}} {{key_id}}                    what senders use
 *   {{other_hex}} {{other_base64}} {{other_id}}              the other key that receivers accept
 *
 * A line with a word of the second row is left out while there is no other key. A daemon of one key
 * at a time takes the first row only; one that accepts several has both, and loses nothing.
 *
 * A program that has the keys of many links in one file: link/psk_join.h. */
enum {
    QW_PSK_FILE_TEMPLATE_MAX = 16 * 1024,
    QW_PSK_FILE_TEXT_MAX = 64 * 1024,
    QW_PSK_FILE_PATH_CAP = 4096
};

struct qw_psk_file_config { /* copied */
    const char *path;
    const char *template_text; /* at most QW_PSK_FILE_TEMPLATE_MAX bytes, with at least one word */
    const char *pid_file;      /* first line: the process to signal; "": none */
    int signal_number;
    const char *joined; /* made of path and the other parts in its folder; "": none */
};

/* QW_ERR_ARG: over-long, a template without a word or with an unknown one, or joined beside a path
 * that is no part; QW_ERR_NOMEM. A
 * program that does not run (no pid file, no process) is no failure: it reads the file when it
 * starts. A pid file that cannot be understood is QW_ERR_FORMAT, a signal that is not allowed
 * QW_ERR_REFUSED, of the verb that met it. */
qw_err qw_sink_psk_file(const struct qw_psk_file_config *config,
                        struct qw_key_sink *sink) QW_MUST_USE;

#endif
