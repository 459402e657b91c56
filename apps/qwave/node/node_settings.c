/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node.h"

#include <stddef.h>

static const char *const sources[] = { "best", "kernel", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

#define ROW(kind_of, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = kind_of, .offset = offsetof(struct node_settings, member), \
        .min = low, .max = high, .standard = standard_value, .help = help_text \
    }
static const struct qw_config_row rows[] = {
    ROW(QW_CONFIG_INT, node, 0, 4294967295.0, NULL, "id of this node"),
    ROW(QW_CONFIG_TEXT, listen_address, 1, NODE_HOST_CAP, "127.0.0.1",
        "numeric address for neighbours"),
    ROW(QW_CONFIG_INT, listen_port, 0, 65535, "0", "TCP port for neighbours; 0: any"),
    ROW(QW_CONFIG_TEXT, neighbours, 1, NODE_LIST_CAP, NULL,
        "ID=FILE of the pool with each, and @HOST:PORT for those that this node connects to"),
    ROW(QW_CONFIG_TEXT, ends, 0, NODE_LIST_CAP, "",
        "ID=FILE of the end pool with each node that batches begin or end at"),
    ROW(QW_CONFIG_TEXT, feeds, 0, NODE_LIST_CAP, "",
        "ID=SOCKET where the process of the QKD link to a neighbour gives its keys"),
    ROW(QW_CONFIG_TEXT, lights, 0, NODE_LIST_CAP, "",
        "ID=SOCKET where this relay tells the simulated light of a link when its switch is open"),
    ROW(QW_CONFIG_TEXT, hand_to, 0, NODE_LIST_CAP, "",
        "ID=SOCKET of the centre here that takes the keys which end here and at that node"),
    ROW(QW_CONFIG_INT, simulated_seed, 0, 9007199254740992.0, "0",
        "SIMULATED link keys from this seed, the same at all nodes; 0: none"),
    ROW(QW_CONFIG_INT, batch_keys, 1, 4096, "1024", "keys of a batch, at most"),
    ROW(QW_CONFIG_INT, timeout_ms, 100, 600000, "5000", "of a batch, in ms"),
    ROW(QW_CONFIG_INT, reserve_percent, 0, 90, "25",
        "of a full link's key, what bronze batches leave to better ones; silver leaves half of it"),
    ROW(QW_CONFIG_INT, key_age_s, 0, 31536000, "0",
        "link key that is older, in s, is given up at both ends; 0: never"),
    ROW(QW_CONFIG_TEXT, key_file, 0, NODE_PATH_CAP, "",
        "append ids and keys of finished batches here, in clear; for tests"),
    ROW(QW_CONFIG_TEXT, topology, 0, NODE_PATH_CAP, "",
        "network that this node is a node of, by its number in it: routes by link state"),
    ROW(QW_CONFIG_TEXT, start_file, 0, NODE_PATH_CAP, "",
        "how often the node has started; must be given with a topology"),
    ROW(QW_CONFIG_TEXT, control, 0, NODE_PATH_CAP, "",
        "Unix socket on which the node is asked: qwave node tell"),
    ROW(QW_CONFIG_TEXT, event_file, 0, NODE_PATH_CAP, "",
        "append a line for each batch that is delivered from here, with its route"),
    ROW(QW_CONFIG_TEXT, feed_file, 0, NODE_PATH_CAP, "",
        "append a line for each key of a QKD link that goes into a pool"),
    ROW(QW_CONFIG_REAL, simulated_scale, 0, 1e9, "0",
        "simulated link keys come with the topology's rates times this; 0: as many as are used"),
    ROW(QW_CONFIG_REAL, time_scale, 0.001, 1e6, "1",
        "the network's clock, by which simulated switches and satellites go, runs so fast"),
    ROW(QW_CONFIG_INT, clock_zero_ms, 0, 9007199254740992.0, "0",
        "ms since 1970 when that clock stood at 0, the same at all nodes"),
    ROW(QW_CONFIG_TEXT, schedule_file, 0, NODE_PATH_CAP, "",
        "append a line for each slot of a switch that this relay gives, and for each pass"),
    ROW(QW_CONFIG_TEXT, journal, 0, NODE_PATH_CAP, "",
        "SQLite file for what matters for security, chained by hashes: qwave audit show, verify"),
    ROW(QW_CONFIG_TEXT, journal_key, 0, NODE_PATH_CAP, "",
        "key by which that journal is signed: qwave node key; stays the same"),
    ROW(QW_CONFIG_TEXT, metrics, 0, NODE_HOST_CAP, "",
        "127.0.0.1:PORT of a page for Prometheus, without a lock; port 0: any"),
    { .name = "source",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct node_settings, source),
      .standard = "best",
      .choices = sources,
      .help = "of the keys that begin here: the best of the machine, or the kernel's generator" },
    { .name = "log_level",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct node_settings, log_level),
      .standard = "info",
      .choices = log_levels,
      .help = "least important line that is written" },
};

qw_err node_settings_read(const char *path, struct node_settings *settings,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    return qw_config_read(path, rows, sizeof rows / sizeof rows[0], settings, error);
}
