/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CAPTURE_CAPTURE_H
#define QWAVE_CAPTURE_CAPTURE_H

#include "radio/capture/file.h"
#include "radio/capture/reader.h"

/* Subcommands of `qwave capture`: one file each, argv[0] is the subcommand's name. The result is
 * the exit status. */
int capture_info(int argc, char **argv);
int capture_convert(int argc, char **argv);
int capture_record(int argc, char **argv);
int capture_pair(int argc, char **argv);
int capture_fit(int argc, char **argv);

/* Maps the file and opens a reader on it; format_name NULL: told by its first bytes. Says on
 * standard error what is wrong, under the name of the subcommand; then nothing is to be closed. */
qw_err capture_open(const char *command, const char *path, const char *format_name,
                    struct qw_capture_file *file, struct qw_capture_reader *reader);

/* Ctrl-C and termination from now on are asked for, so that files end with whole records. */
void capture_block_stop(void);
bool capture_stop_requested(void);

/* "02:00:00:00:00:01"; false, mac untouched, for anything else. */
bool capture_parse_mac(const char *text, uint8_t mac[static QW_CSI_SOURCE_LEN]);

/* What became of writing, for people. */
const char *capture_error_text(qw_err err);

#endif
