ssh node01 apparmor_parser -q /etc/apparmor.d/k8s-apparmor-example-deny-write
kubectl apply -f pod.yaml
