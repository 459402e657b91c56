/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture.h"
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

/* qwave capture: files of channel measurements. A table of subcommands and a loop. */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} subcommands[] = {
    { "info", capture_info, "what a capture holds, and what of it cannot be read" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave capture SUBCOMMAND [OPTION...]\n\n"
                    "Captures of channel state information.\n\n");
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        fprintf(stream, "  %-10s %s\n", subcommands[i].name, subcommands[i].text);
    }
    fprintf(stream, "\nFormats:\n\n");
    for (size_t i = 0; i < QW_CAPTURE_FORMATS; i++) {
        const struct qw_capture_importer *importer =
            qw_capture_importer_of((enum qw_capture_format)i);

        fprintf(stream, "  %-10s %s\n", importer->name, importer->text);
    }
}

qw_err capture_open(const char *command, const char *path, const char *format_name,
                    struct qw_capture_file *file, struct qw_capture_reader *reader)
{
    enum qw_capture_format format;
    struct qw_capture_file opened;
    qw_err err = qw_capture_file_open(path, &opened);

    if (err != QW_OK) {
        fprintf(stderr, "qwave capture %s: %s: %s\n", command, path,
                err == QW_ERR_NOT_FOUND ? "no such file" : qw_err_text(err));
        return err;
    }
    if (format_name == NULL) {
        err = qw_capture_format_detect(opened.data, opened.len, &format) ? QW_OK : QW_ERR_FORMAT;
    } else {
        err = qw_capture_format_find(format_name, &format) ? QW_OK : QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = qw_capture_reader_open(reader, format, opened.data, opened.len);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave capture %s: %s: %s\n", command, path,
                err == QW_ERR_FORMAT ? "no format that is known here" : "no format to read");
        qw_capture_file_close(&opened);
        return err;
    }
    *file = opened;
    return QW_OK;
}

int cmd_capture(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            return subcommands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave capture: no subcommand '%s'; `qwave capture --help` lists them\n",
            argv[1]);
    return EXIT_USAGE;
}
