/** What the upstream provider declares about gateways to the internet (internal/service/ec2); see upstream.ts. */
export const gatewayUpstream: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aws_internet_gateway: {
    arn: "computed",
    owner_id: "computed",
    tags: "optional",
    tags_all: "computed",
    vpc_id: "optional-computed",
  },
  aws_egress_only_internet_gateway: {
    tags: "optional",
    tags_all: "computed",
    vpc_id: "required replaces",
  },
  aws_internet_gateway_attachment: {
    internet_gateway_id: "required replaces",
    vpc_id: "required replaces",
  },
};
