/** A tower's own small networks: the USB cable to a workstation, and the access point. Clients get addresses there. */
import { formatAddress, rangeOf } from "../../config/ip.ts";
import type { GenerationPart } from "../generation.ts";
import { libraryFolder, notice, plainFile, program, rootFile } from "./file.ts";
import { prefixLength } from "./links.ts";

/** The tower's own address in such a network: the first. */
export function ownAddress(network: string): string {
  return formatAddress(rangeOf(network).first + 1);
}

/** Such a network with its interface. */
export interface PointToPoint {
  readonly interface: string;
  readonly network: string;
}

/**
 * Linux's name of the cable's network interface. It comes and goes with the device, so that its address is the
 * device's affair, and not one of the host's links.
 */
export const usbInterface = "usb0";

const dhcpUnit = "coral-reef-addresses.service";
const dhcpPath = "/etc/coral-reef/addresses.conf";

/** It gives addresses and nothing else: no router, no resolver, so that a workstation keeps its own. */
function dhcpConfiguration(links: readonly PointToPoint[]): string {
  const ranges = links.map(({ interface: name, network }) => {
    const { last } = rangeOf(network);
    const first = formatAddress(rangeOf(network).first + 2);
    return `interface=${name}
dhcp-range=interface:${name},${first},${formatAddress(last - 1)},12h
`;
  });
  return `port=0
bind-dynamic
no-ping
dhcp-leasefile=/var/lib/misc/coral-reef.leases
dhcp-option=option:router
dhcp-option=option:dns-server
${ranges.join("")}`;
}

/** Addresses for whoever is at the other end. Debian's own dnsmasq service is not used: it would answer DNS, too. */
export function addressService(links: readonly PointToPoint[]): GenerationPart {
  const unit = `${notice}[Unit]
Description=Addresses for whoever is connected to the tower itself
After=network.target

[Service]
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=${dhcpPath}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
`;
  return {
    packages: ["dnsmasq-base"],
    files: [
      plainFile(dhcpPath, notice, dhcpConfiguration(links)),
      plainFile(`/etc/systemd/system/${dhcpUnit}`, unit),
    ],
    listens: [
      {
        protocol: "udp",
        ports: { from: 67, to: 67 },
        from: [],
        reason: "DHCP: who asks for an address has none",
      },
    ],
    sends: [
      { protocol: "udp", ports: { from: 68, to: 68 }, to: [], reason: "DHCP: an answer may be a broadcast" },
    ],
    services: [{ unit: dhcpUnit, reload: [], restart: [dhcpPath] }],
  };
}

const gadgetUnit = "coral-reef-usb.service";
const gadgetTarget = "coral-reef-usb.target";
const gadgetPath = `${libraryFolder}/usb-gadget`;
const consoleRulesPath = "/etc/udev/rules.d/80-coral-reef-console.rules";

/**
 * The tower's end of the USB 3.0 cable: a network (NCM) and a serial console (ACM) in one device, as the kernel's
 * configfs makes them. The ids are the Linux Foundation's for such a gadget.
 */
function gadgetScript(hostname: string, network: string): string {
  return `#!/bin/sh
${notice}# Makes the device that a workstation sees at the other end of the USB cable: a network and a serial console.
set -eu
gadget=/sys/kernel/config/usb_gadget/coral-reef
modprobe -q libcomposite || :
mkdir -p "$gadget/strings/0x409" "$gadget/configs/c.1/strings/0x409"
cd "$gadget"
echo 0x1d6b > idVendor
echo 0x0104 > idProduct
echo 0x0300 > bcdUSB
echo BlackRoad > strings/0x409/manufacturer
echo "Coral-Reef tower" > strings/0x409/product
echo ${hostname} > strings/0x409/serialnumber
echo "network and console" > configs/c.1/strings/0x409/configuration
mkdir -p functions/ncm.usb0 functions/acm.console
for function in ncm.usb0 acm.console; do
  [ -e "configs/c.1/$function" ] || ln -s "functions/$function" "configs/c.1/$function"
done
for controller in /sys/class/udc/*; do
  [ -n "$(cat UDC)" ] || echo "\${controller##*/}" > UDC
done
link=$(cat functions/ncm.usb0/ifname)
ip address replace ${ownAddress(network)}/${prefixLength(network)} dev "$link"
ip link set "$link" up
`;
}

/**
 * Started by a target, which is up whether or not the machine has a USB device controller: without one the unit is
 * left out. The console's login comes with its terminal, so that nothing waits for a cable.
 */
function gadgetUnits(): { readonly unit: string; readonly target: string } {
  return {
    unit: `${notice}[Unit]
Description=The tower's end of the USB cable
PartOf=${gadgetTarget}
After=sys-kernel-config.mount
Wants=sys-kernel-config.mount
ConditionPathExistsGlob=/sys/class/udc/*

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${gadgetPath}
`,
    target: `${notice}[Unit]
Description=USB network and serial console
Wants=${gadgetUnit}

[Install]
WantedBy=multi-user.target
`,
  };
}

const consoleRules = `${notice}SUBSYSTEM=="tty", KERNEL=="ttyGS0", TAG+="systemd", ENV{SYSTEMD_WANTS}+="serial-getty@ttyGS0.service"
`;

export function usbGadget(hostname: string, network: string): GenerationPart {
  const { unit, target } = gadgetUnits();
  const unitPath = `/etc/systemd/system/${gadgetUnit}`;
  return {
    packages: ["iproute2", "kmod"],
    files: [
      program(gadgetPath, gadgetScript(hostname, network)),
      plainFile(unitPath, unit),
      plainFile(`/etc/systemd/system/${gadgetTarget}`, target),
      plainFile(consoleRulesPath, consoleRules),
    ],
    services: [{ unit: gadgetTarget, reload: [], restart: [gadgetPath, unitPath] }],
  };
}

export interface AccessPoint {
  readonly ssid: string;
  readonly country: string;
  /** In the 6 GHz band. */
  readonly channel: number;
  readonly network: string;
  readonly port: string;
}

/** Name of the secret that the access point and its clients share. */
const wifiSecret = "wifi_password";

const wifiUnit = "coral-reef-wifi.service";
const wifiTarget = "coral-reef-wifi.target";
const wifiPath = "/etc/coral-reef/wifi.conf";

/** Wi-Fi 6E: 80 MHz in the 6 GHz band, where the standard demands WPA3 and protected management frames. */
function wifiConfiguration({ ssid, country, channel, port }: AccessPoint): string {
  return `interface=${port}
driver=nl80211
ssid=${ssid}
country_code=${country}
ieee80211d=1
hw_mode=a
channel=${channel}
op_class=133
ieee80211ax=1
he_oper_chwidth=1
he_oper_centr_freq_seg0_idx=${7 + 16 * Math.floor((channel - 1) / 16)}
wmm_enabled=1
wpa=2
wpa_key_mgmt=SAE
rsn_pairwise=CCMP
ieee80211w=2
sae_pwe=1
`;
}

export function accessPoint(args: AccessPoint): GenerationPart {
  const condition = `ConditionPathExists=/sys/class/net/${args.port}`;
  const unit = `${notice}[Unit]
Description=The tower's access point
PartOf=${wifiTarget}
After=network.target
${condition}

[Service]
ExecStartPre=/usr/sbin/ip address replace ${ownAddress(args.network)}/${prefixLength(args.network)} dev ${args.port}
ExecStart=/usr/sbin/hostapd ${wifiPath}
Restart=on-failure
RestartSec=5
`;
  const target = `${notice}[Unit]
Description=Wireless clients
Wants=${wifiUnit}

[Install]
WantedBy=multi-user.target
`;
  const unitPath = `/etc/systemd/system/${wifiUnit}`;
  const password = { kind: "shared-secret", name: wifiSecret } as const;
  const file = rootFile(wifiPath, notice, wifiConfiguration(args), "sae_password=", password, "\n");
  return {
    packages: ["hostapd", "iproute2"],
    files: [
      { ...file, secret: true },
      plainFile(unitPath, unit),
      plainFile(`/etc/systemd/system/${wifiTarget}`, target),
    ],
    services: [{ unit: wifiTarget, reload: [], restart: [wifiPath, unitPath] }],
  };
}
