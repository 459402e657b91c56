/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_NETWORK_H
#define QWAVE_NETWORK_NETWORK_H

/* Parts of `qwave network`: one file each, argv[0] is the part's name. The result is the exit
 * status. */
int network_list(int argc, char **argv);
int network_show(int argc, char **argv);
int network_run(int argc, char **argv);    /* run/network_run.c */
int network_report(int argc, char **argv); /* report/network_report.c */
int network_generate(int argc, char **argv);

#endif
