// SPDX-License-Identifier: GPL-2.0-only
#include "model/process_table.h"

#include <stdio.h>
#include <string.h>

enum match { MATCH_NAME, MATCH_NAME_BEGIN, MATCH_NAME_END, MATCH_FOLDER };

/*
 * Which program is which, first match wins.  The names are those that ps shows on an RKE2 node:
 * a comm has 15 bytes, hence "rancher-system-"; runc's children are called "runc:[1:CHILD]".
 * Folders: the CNI default of containerd, and the default of RKE2's and K3s's
 * --image-credential-provider-bin-dir.
 */
static const struct {
	enum role role;
	enum match match;
	const char *text;
} role_rows[] = {
	{ROLE_SUPERVISOR, MATCH_NAME, "rke2"},
	{ROLE_SUPERVISOR, MATCH_NAME, "k3s"},
	{ROLE_SUPERVISOR, MATCH_NAME, "k3s-server"},
	{ROLE_SUPERVISOR, MATCH_NAME, "k3s-agent"},
	{ROLE_CONTAINERD, MATCH_NAME, "containerd"},
	{ROLE_SHIM, MATCH_NAME_BEGIN, "containerd-shim"},
	{ROLE_SHIM, MATCH_NAME, "runc"},
	{ROLE_SHIM, MATCH_NAME_BEGIN, "runc:["},
	{ROLE_KUBELET, MATCH_NAME, "kubelet"},
	{ROLE_SYSTEM_AGENT, MATCH_NAME, "rancher-system-agent"},
	{ROLE_SYSTEM_AGENT, MATCH_NAME, "rancher-system-"},
	{ROLE_CREDENTIAL_PROVIDER, MATCH_FOLDER, "/credentialprovider/bin/"},
	{ROLE_CREDENTIAL_PROVIDER, MATCH_NAME_END, "-credential-provider"},
	{ROLE_CREDENTIAL_PROVIDER, MATCH_NAME, "ecr-credential-"},
	{ROLE_CREDENTIAL_PROVIDER, MATCH_NAME, "acr-credential-"},
	{ROLE_CREDENTIAL_PROVIDER, MATCH_NAME, "auth-provider-gcp"},
	{ROLE_CNI, MATCH_FOLDER, "/opt/cni/bin/"},
	{ROLE_CNI, MATCH_NAME, "calico"},
	{ROLE_CNI, MATCH_NAME, "calico-ipam"},
	{ROLE_CNI, MATCH_NAME, "flannel"},
	{ROLE_CNI, MATCH_NAME, "portmap"},
	{ROLE_CNI, MATCH_NAME, "bandwidth"},
	{ROLE_CNI, MATCH_NAME, "host-local"},
	{ROLE_CNI, MATCH_NAME, "loopback"},
	{ROLE_CNI, MATCH_NAME, "multus"},
	{ROLE_CNI, MATCH_NAME, "cilium-cni"},
	{ROLE_CLIENT, MATCH_NAME, "ctr"},
	{ROLE_CLIENT, MATCH_NAME, "crictl"},
	{ROLE_CLIENT, MATCH_NAME, "nerdctl"},
	{ROLE_CLIENT, MATCH_NAME, "kubectl"},
	{ROLE_CLIENT, MATCH_NAME, "helm"},
	{ROLE_CLIENT, MATCH_NAME, "skopeo"},
	{ROLE_CLIENT, MATCH_NAME, "podman"},
	{ROLE_CLIENT, MATCH_NAME, "buildah"},
	{ROLE_CLIENT, MATCH_NAME, "docker"},
	{ROLE_CLIENT, MATCH_NAME, "crane"},
	{ROLE_CLIENT, MATCH_NAME, "oras"},
	{ROLE_CLIENT, MATCH_NAME, "curl"},
	{ROLE_CLIENT, MATCH_NAME, "wget"},
};

static const struct {
	const char *name;
	bool pulls;
} roles[ROLES] = {
	[ROLE_SUPERVISOR] = {"supervisor", true},
	[ROLE_CONTAINERD] = {"containerd", true},
	[ROLE_SHIM] = {"shim", false},
	[ROLE_KUBELET] = {"kubelet", false},
	[ROLE_CNI] = {"cni", false},
	[ROLE_CREDENTIAL_PROVIDER] = {"credential-provider", true},
	[ROLE_SYSTEM_AGENT] = {"system-agent", true},
	[ROLE_CLIENT] = {"client", true},
	[ROLE_OTHER] = {"other", false},
};

const char *role_name(enum role role)
{
	return (unsigned int)role < ROLES ? roles[role].name : "other";
}

bool rke2_version_of(const char *executable, char *version, size_t size)
{
	/* The tag of the image rke2-runtime: no '+' in it, and a digest behind (rke2 pkg/bootstrap). */
	const char *from = executable ? strstr(executable, "/data/v") : NULL, *to, *dash;

	*version = '\0';
	if (!from)
		return false;
	from += strlen("/data/");
	to = from + strcspn(from, "/");
	dash = strstr(from, "-rke2r");
	if (strncmp(to, "/bin/", 5) != 0 || !dash || dash > to)
		return false;
	to = dash + strlen("-rke2r");
	to += strspn(to, "0123456789");
	return snprintf(version, size, "%.*s+%.*s", (int)(dash - from), from, (int)(to - dash - 1),
		       dash + 1) < (int)size;
}

bool role_pulls(enum role role)
{
	return (unsigned int)role < ROLES && roles[role].pulls;
}

static bool role_matches(size_t row, const char *name, const char *executable)
{
	const char *text = role_rows[row].text;
	size_t len = strlen(text), have = strlen(name);

	switch (role_rows[row].match) {
	case MATCH_NAME:
		return !strcmp(name, text);
	case MATCH_NAME_BEGIN:
		return !strncmp(name, text, len);
	case MATCH_NAME_END:
		return have > len && !strcmp(name + have - len, text);
	case MATCH_FOLDER:
		return executable && strstr(executable, text);
	}
	return false;
}

enum role role_of(const char *name, const char *executable)
{
	for (size_t i = 0; name && i < sizeof(role_rows) / sizeof(role_rows[0]); i++)
		if (role_matches(i, name, executable))
			return role_rows[i].role;
	return ROLE_OTHER;
}
