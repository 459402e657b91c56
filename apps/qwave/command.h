/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_COMMAND_H
#define QWAVE_COMMAND_H

/* Subcommands of `qwave`: one file each, argv[0] is the subcommand's name. The result is the exit
 * status. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

int cmd_admin(int argc, char **argv);
int cmd_air(int argc, char **argv);
int cmd_charge(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_selftest(int argc, char **argv);

#endif
