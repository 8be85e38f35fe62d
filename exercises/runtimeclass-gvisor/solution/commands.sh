kubectl apply -f runtimeclass.yaml
kubectl apply -f pod.yaml
