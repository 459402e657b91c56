/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_COMMAND_H
#define QWAVE_COMMAND_H

#include "program/start.h"

/* Subcommands of `qwave`: one file each, argv[0] is the subcommand's name. The result is the exit
 * status. */
enum {
    EXIT_DONE = QW_EXIT_DONE,
    EXIT_FAILED = QW_EXIT_FAILED,
    EXIT_USAGE = QW_EXIT_USAGE,
    EXIT_REFUSED = QW_EXIT_REFUSED
};

int cmd_admin(int argc, char **argv);
int cmd_auth(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_air(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_card(int argc, char **argv);
int cmd_charge(int argc, char **argv);
int cmd_code(int argc, char **argv);
int cmd_conform(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_custody(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_enrol(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_network(int argc, char **argv);
int cmd_node(int argc, char **argv);
int cmd_qkd(int argc, char **argv);
int cmd_share(int argc, char **argv);
int cmd_stream(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_unseal(int argc, char **argv);

#endif
