// Netpold enforces the NetworkPolicies of one node with the code that K3s runs: kube-router's netpol controller.
//
// An enforcer that is dead or stuck lets everything through, and nothing shows it. So whatever keeps a policy from
// being enforced ends the program with exit code 1 and one line that starts with "netpold:". The file named by --ready
// exists from the first complete synchronisation until the end.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	"github.com/coreos/go-iptables/iptables"
	"github.com/vishvananda/netlink"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

type settings struct {
	kubeconfig, node, serviceCIDR, nodePorts, ready string
	// How long the API server and the node's address may take at the start.
	patience time.Duration
	// Between complete synchronisations; changes of pods, namespaces and policies are followed at once.
	period time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "file with the API server's address and credentials (required)")
	flag.StringVar(&s.node, "node", "", "name of this node (required)")
	flag.StringVar(&s.serviceCIDR, "service-cidr", "10.43.0.0/16", "addresses of the services")
	flag.StringVar(&s.nodePorts, "node-ports", "30000-32767", "ports of the services of type NodePort")
	flag.StringVar(&s.ready, "ready", "", "file to write after the first complete synchronisation")
	flag.DurationVar(&s.patience, "patience", 2*time.Minute, "how long to wait for the API server and the node's address")
	flag.DurationVar(&s.period, "period", 30*time.Second, "time between complete synchronisations")
	flag.Parse()
	if s.kubeconfig == "" || s.node == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(s); err != nil {
		s.fail(err.Error())
	}
}

func (s settings) fail(reason string) {
	if s.ready != "" {
		os.Remove(s.ready)
	}
	fmt.Fprintln(os.Stderr, "netpold:", reason)
	os.Exit(1)
}

func run(s settings) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if s.ready != "" {
		if err := os.RemoveAll(s.ready); err != nil {
			return err
		}
		defer os.Remove(s.ready)
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := waitForAddress(ctx, client, s); err != nil {
		return err
	}
	synchronised := watchLog(s.fail)
	controller, err := newController(ctx, client, s)
	if err != nil {
		return err
	}

	heartbeats := make(chan *healthcheck.ControllerHeartbeat, 10)
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(heartbeats, ctx.Done(), &running)
	stuck := time.NewTimer(3 * s.period)
	for {
		select {
		case <-ctx.Done():
			running.Wait()
			return nil
		case <-heartbeats:
			stuck.Reset(3 * s.period)
		case <-stuck.C:
			return fmt.Errorf("no synchronisation began for %s", 3*s.period)
		case <-synchronised:
			fmt.Printf("netpold: enforcing on %s\n", s.node)
			if s.ready != "" {
				if err := os.WriteFile(s.ready, nil, 0o644); err != nil {
					return err
				}
			}
		}
	}
}

// waitForAddress returns as soon as the kubelet has given the node an address, without which no rule can be written.
func waitForAddress(ctx context.Context, client kubernetes.Interface, s settings) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		node, err := client.CoreV1().Nodes().Get(ctx, s.node, metav1.GetOptions{})
		if err == nil {
			for _, address := range node.Status.Addresses {
				if address.Type == v1.NodeInternalIP {
					return nil
				}
			}
			err = errors.New("it has no InternalIP: does its kubelet run?")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %s, after %s: %w", s.node, s.patience, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func newController(ctx context.Context, client kubernetes.Interface, s settings) (*netpol.NetworkPolicyController, error) {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	patience, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for kind, synced := range factory.WaitForCacheSync(patience.Done()) {
		if !synced {
			return nil, fmt.Errorf("%s couldn't be listed within %s", strings.TrimPrefix(kind.String(), "*"), s.patience)
		}
	}

	o := options.NewKubeRouterConfig()
	o.HostnameOverride = s.node
	o.ClusterIPCIDRs = []string{s.serviceCIDR}
	o.NodePortRange = s.nodePorts
	o.EnableIPv4, o.EnableIPv6 = true, false
	o.IPTablesSyncPeriod = s.period
	o.RunFirewall = true
	rules, err := iptables.NewWithProtocol(iptables.ProtocolIPv4)
	if err != nil {
		return nil, err
	}
	sets, err := utils.NewIPSet(false)
	if err != nil {
		return nil, fmt.Errorf("ipset: %w", err)
	}
	controller, err := netpol.NewNetworkPolicyController(client, o, pods, policies, namespaces, &sync.Mutex{},
		&netlink.Handle{}, map[v1.IPFamily]utils.IPTablesHandler{v1.IPv4Protocol: rules},
		map[v1.IPFamily]utils.IPSetHandler{v1.IPv4Protocol: sets})
	if err != nil {
		return nil, err
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       controller.PodEventHandler,
		namespaces: controller.NamespaceEventHandler,
		policies:   controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return nil, err
		}
	}
	return controller, nil
}

// watchLog tells the first complete synchronisation, and fails with any that is not. The controller writes both into its
// log only: after a failed one it goes on as if nothing had happened, with the rules of before.
func watchLog(fail func(reason string)) <-chan struct{} {
	synchronised := make(chan struct{}, 1)
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "one_output": "true", "v": "1", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	first := true
	klog.SetOutput(writer(func(line []byte) {
		// F is a fatal error, after which only a dump of all goroutines would come.
		failed := line[0] == 'F'
		for _, text := range []string{"Aborting sync", "failed to create ipset handler", "Failed to cleanup stale ipsets"} {
			failed = failed || bytes.Contains(line, []byte(text))
		}
		switch {
		case failed:
			fail(strings.TrimSpace(string(line)))
		case first && bytes.Contains(line, []byte("sync iptables took")):
			first = false
			synchronised <- struct{}{}
		}
		os.Stderr.Write(line)
	}))
	return synchronised
}

type writer func(line []byte)

func (w writer) Write(line []byte) (int, error) {
	w(line)
	return len(line), nil
}
