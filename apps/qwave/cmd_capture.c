/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "command.h"

#include "base/hex.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* qwave capture: files of channel measurements. A table of subcommands and a loop. */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} subcommands[] = {
    { "info", capture_info, "what a capture holds, and what of it cannot be read" },
    { "convert", capture_convert, "write a capture in another format" },
    { "pair", capture_pair, "which measurements of two ends belong together" },
    { "fit", capture_fit, "what a capture tells about its channel, and what it does not" },
    { "record", capture_record, "write what a receiver measures now into a file" },
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

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void capture_block_stop(void)
{
    sigset_t set;

    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error like a full disk */
}

bool capture_stop_requested(void)
{
    sigset_t set;

    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1);
}

bool capture_parse_mac(const char *text, uint8_t mac[static QW_CSI_SOURCE_LEN])
{
    char digits[2 * QW_CSI_SOURCE_LEN + 1] = "";
    bool is_good = strlen(text) == 3 * QW_CSI_SOURCE_LEN - 1;

    for (size_t i = 0; is_good && i < QW_CSI_SOURCE_LEN; i++) {
        memcpy(digits + 2 * i, text + 3 * i, 2);
        is_good = i + 1 == QW_CSI_SOURCE_LEN || text[3 * i + 2] == ':';
    }
    return is_good && qw_hex_decode(digits, mac, QW_CSI_SOURCE_LEN) == QW_OK;
}

const char *capture_error_text(qw_err err)
{
    switch (err) {
    case QW_ERR_SPACE:
        return "no room left on the disk; the file ends with the last whole record";
    case QW_ERR_CONFLICT:
        return "exists; --replace allows to write over it";
    default:
        return qw_err_text(err);
    }
}

int cmd_capture(int argc, char **argv)
{
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
