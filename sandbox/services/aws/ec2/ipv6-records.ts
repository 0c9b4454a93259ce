/** IPv6 networks as `aws ec2 describe-vpcs` and `describe-subnets` print them. */

export interface SubnetIpv6Association {
  AssociationId: string;
  Ipv6CidrBlock: string;
  Ipv6CidrBlockState: { State: "associated" };
}

export interface VpcIpv6Association extends SubnetIpv6Association {
  IpSource: "amazon";
  Ipv6AddressAttribute: "public";
  Ipv6Pool: "Amazon";
  NetworkBorderGroup: string;
}
