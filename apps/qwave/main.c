/* SPDX-License-Identifier: Apache-2.0 */
/* qwave: the command line of Q-Wave. A table of subcommands and a loop. */
#include "command.h"

#include "base/log.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} commands[] = {
    { "demo", cmd_demo, "a key service centre, an access point and a terminal at work, once" },
    { "init", cmd_init, "make the folder of a new key service centre" },
    { "admin", cmd_admin, "devices, certificates and stock of a running centre" },
    { "backup", cmd_backup, "a sealed backup of a centre's database, while it works" },
    { "restore", cmd_restore, "a centre's database out of a backup" },
    { "custody", cmd_custody, "who keeps the key that unlocks a centre's store" },
    { "audit", cmd_audit, "the signed journal of a centre: look, export, check off line" },
    { "unseal", cmd_unseal, "enter an officer's share of a centre's master key; seal it again" },
    { "share", cmd_share, "rehearse with officers' shares of a master key; change to others" },
    { "charge", cmd_charge, "charge a card off line at a charging station" },
    { "card", cmd_card, "a simulated card with a chip, for a virtual reader" },
    { "enrol", cmd_enrol, "get a device its first certificate, by a key of its card" },
    { "auth", cmd_auth, "prove who one is, by a certificate and a key of a card" },
    { "code", cmd_code, "a one-time code of an officer's card, to log in at the console" },
    { "key", cmd_key, "ask the terminal on this machine for keys and for what is left" },
    { "stream", cmd_stream, "one end of a key stream of ETSI GS QKD 004" },
    { "air", cmd_air, "a simulated or replayed radio channel for an access point and a terminal" },
    { "conform", cmd_conform, "check any key delivery server against ETSI GS QKD 014 or 004" },
    { "qkd", cmd_qkd, "a QKD link as processes: both ends, and simulated light between them" },
    { "network", cmd_network, "networks of QKD links: those that are built in, and making one" },
    { "node", cmd_node, "a node of a network of trusted relays: pools, links, relay" },
    { "lab", cmd_lab, "evaluation of links and channels on models" },
    { "capture", cmd_capture, "files of channel measurements: look, convert, record" },
    { "bench", cmd_bench, "speed and losses of the distillation kernels on this machine" },
    { "selftest", cmd_selftest, "known-answer tests of every algorithm" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave COMMAND [OPTION...]\n\nQuantum keys for mobile networks.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].text);
    }
    fprintf(stream,
            "\n`qwave COMMAND --help` explains one. Exit status: 0 done, 1 failed, 2 usage,\n"
            "3 refused for security (for example: no entropy).\n");
}

int main(int argc, char **argv)
{
    struct qw_log log = { .stream = stderr, .component = "qwave", .level = QW_LOG_ERROR };

    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("qwave %s\n", QW_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            int status = qw_program_prepare(&log);

            if (status != EXIT_DONE) {
                return status;
            }
            argp_err_exit_status = EXIT_USAGE;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave: no command '%s'; `qwave --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
